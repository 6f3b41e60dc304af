// The host's kvm_exit tracepoint, where this process may use it: for every exit of the guest, those included that the
// host's kernel settles itself, the processor's own reason (SDM 3D appendix C, AMD64 volume 2 appendix C), what goes with
// it, and where the guest was. With kvm_entry, the duration too. Read from the ring of a perf event, which only this
// thread's exits are in.
#pragma once

#include "core/session/descriptor.hpp"
#include "core/trace/recorder.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace ringside {

class ExitTracepoint {
public:
    // An exit that has come to the monitor.
    struct Reason {
        uint32_t code = 0; // as the field "hardware_exit" of an event
        uint32_t eip = 0;
        uint64_t qualification = 0; // EXITINFO1, or the exit qualification
    };

    ExitTracepoint() = default;
    ~ExitTracepoint();
    ExitTracepoint(const ExitTracepoint&) = delete;
    ExitTracepoint& operator=(const ExitTracepoint&) = delete;

    // For the calling thread, switched off. Where tracing is not permitted it stays closed.
    void open();
    bool is_open() const { return m_ring != nullptr; }
    std::vector<int> descriptors() const;

    void enable(bool enabled);
    // KVM_RUN has returned: the events that are new go to the recorder. After an exit that has come here, what the processor
    // says of it; otherwise the last exit was the kernel's as well.
    enum class Return : uint8_t { Exit, Interrupted };
    std::optional<Reason> drain(Recorder& recorder, Return returned);

private:
    // Where a field lies in a record.
    struct Field {
        std::size_t offset = 0;
        std::size_t size = 0; // 0: there is none
        uint64_t of(std::span<const std::byte> record) const;
    };
    struct Format {
        uint64_t id = 0; // 0: not known
        Field reason, eip, isa, qualification;
    };
    static Format read_format(const char* event);

    void take_sample(std::span<const std::byte> sample, Recorder& recorder);
    void read_ring(Recorder& recorder);
    void settled_by_kernel(uint64_t end, Recorder& recorder);
    uint64_t ticks(uint64_t perf_time) const;

    Descriptor m_exit_event;
    Descriptor m_entry_event;
    void* m_ring = nullptr;
    Format m_exit_format;
    Format m_entry_format;
    std::optional<Reason> m_pending; // an exit that has not been followed by an entry
    uint64_t m_pending_time = 0;
    std::vector<std::byte> m_sample;
};

}
