#include "strategies/hardware/exit_tracepoint.hpp"

#include "core/trace/hardware_exits.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <linux/perf_event.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace ringside {

namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t ring_bytes = 64 * page; // a power of two

int open_event(uint64_t id)
{
    perf_event_attr attributes {};
    attributes.size = sizeof(attributes);
    attributes.type = PERF_TYPE_TRACEPOINT;
    attributes.config = id;
    attributes.sample_period = 1;
    attributes.sample_type = PERF_SAMPLE_TIME | PERF_SAMPLE_RAW;
    attributes.disabled = 1;
    return static_cast<int>(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

// "field:unsigned int exit_reason;	offset:8;	size:4;	signed:0;"
bool parse_field(const std::string& line, std::string_view name, std::size_t& offset, std::size_t& size)
{
    auto ends = line.find(';');
    if (line.find("field:") == std::string::npos || ends == std::string::npos)
        return false;
    std::string_view declared { line.data(), ends };
    if (!declared.ends_with(name) || declared[declared.size() - name.size() - 1] != ' ')
        return false;
    auto number = [&](const char* key) {
        auto at = line.find(key);
        return at == std::string::npos ? 0 : std::strtoul(line.c_str() + at + std::strlen(key), nullptr, 10);
    };
    offset = number("offset:");
    size = number("size:");
    return size == 4 || size == 8;
}

}

uint64_t ExitTracepoint::Field::of(std::span<const std::byte> record) const
{
    uint64_t value = 0;
    if (size <= sizeof(value) && offset + size <= record.size())
        std::memcpy(&value, record.data() + offset, size);
    return value;
}

ExitTracepoint::Format ExitTracepoint::read_format(const char* event)
{
    Format format;
    for (const char* root : { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" }) {
        std::ifstream file(fmt::format("{}/events/kvm/{}/format", root, event));
        for (std::string line; std::getline(file, line);) {
            if (line.starts_with("ID: "))
                format.id = std::strtoul(line.c_str() + 4, nullptr, 10);
            parse_field(line, "exit_reason", format.reason.offset, format.reason.size);
            parse_field(line, "guest_rip", format.eip.offset, format.eip.size);
            parse_field(line, "isa", format.isa.offset, format.isa.size);
            parse_field(line, "info1", format.qualification.offset, format.qualification.size);
        }
        if (format.id != 0)
            break;
    }
    return format;
}

ExitTracepoint::~ExitTracepoint()
{
    if (m_ring)
        munmap(m_ring, page + ring_bytes);
}

void ExitTracepoint::open()
{
    m_exit_format = read_format("kvm_exit");
    m_entry_format = read_format("kvm_entry");
    if (m_exit_format.id == 0 || m_exit_format.reason.size == 0 || m_entry_format.id == 0)
        return;
    Descriptor exits(open_event(m_exit_format.id)), entries(open_event(m_entry_format.id));
    if (!exits || !entries)
        return;
    void* ring = mmap(nullptr, page + ring_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, exits.get(), 0);
    if (ring == MAP_FAILED)
        return;
    if (ioctl(entries.get(), PERF_EVENT_IOC_SET_OUTPUT, exits.get()) != 0) {
        munmap(ring, page + ring_bytes);
        return;
    }
    m_exit_event = std::move(exits);
    m_entry_event = std::move(entries);
    m_ring = ring;
}

std::vector<int> ExitTracepoint::descriptors() const
{
    return is_open() ? std::vector { m_exit_event.get(), m_entry_event.get() } : std::vector<int> {};
}

void ExitTracepoint::enable(bool enabled)
{
    if (!is_open())
        return;
    for (int descriptor : descriptors())
        ioctl(descriptor, enabled ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE, 0);
    m_pending.reset();
}

std::optional<ExitTracepoint::Reason> ExitTracepoint::drain(Recorder& recorder, Return returned)
{
    if (!is_open())
        return std::nullopt;
    read_ring(recorder);
    if (returned == Return::Interrupted)
        settled_by_kernel(__rdtsc(), recorder);
    return std::exchange(m_pending, std::nullopt);
}

// The kernel moves data_head, the reader data_tail (perf_event_open(2), "MMAP layout").
void ExitTracepoint::read_ring(Recorder& recorder)
{
    auto* control = static_cast<perf_event_mmap_page*>(m_ring);
    const auto* data = static_cast<const std::byte*>(m_ring) + page;
    uint64_t head = std::atomic_ref(control->data_head).load(std::memory_order_acquire);
    uint64_t tail = control->data_tail;
    auto copy = [&](uint64_t from, void* to, std::size_t bytes) {
        std::size_t at = from % ring_bytes, first = std::min(bytes, ring_bytes - at);
        std::memcpy(to, data + at, first);
        std::memcpy(static_cast<std::byte*>(to) + first, data, bytes - first);
    };
    while (head - tail >= sizeof(perf_event_header)) {
        perf_event_header header {};
        copy(tail, &header, sizeof(header));
        if (header.size < sizeof(header) || header.size > head - tail)
            break;
        if (header.type == PERF_RECORD_SAMPLE) {
            m_sample.resize(header.size - sizeof(header));
            copy(tail + sizeof(header), m_sample.data(), m_sample.size());
            take_sample(m_sample, recorder);
        }
        tail += header.size;
    }
    std::atomic_ref(control->data_tail).store(head, std::memory_order_release);
}

// PERF_SAMPLE_TIME, PERF_SAMPLE_RAW: a time, a size, the record.
void ExitTracepoint::take_sample(std::span<const std::byte> sample, Recorder& recorder)
{
    constexpr std::size_t head = sizeof(uint64_t) + sizeof(uint32_t);
    if (sample.size() < head)
        return;
    uint64_t time = 0;
    std::memcpy(&time, sample.data(), sizeof(time));
    auto record = sample.subspan(head);
    constexpr Field type { 0, 2 }; // common_type
    if (type.of(record) == m_entry_format.id)
        return settled_by_kernel(ticks(time), recorder);
    if (type.of(record) != m_exit_format.id)
        return;
    constexpr uint64_t amd = 2; // KVM_ISA_SVM
    auto code = static_cast<uint32_t>(m_exit_format.reason.of(record));
    m_pending = Reason { hardware_exit_code(m_exit_format.isa.of(record) == amd ? HardwareIsa::AmdV : HardwareIsa::VtX, code),
        static_cast<uint32_t>(m_exit_format.eip.of(record)), m_exit_format.qualification.of(record) };
    m_pending_time = time;
}

// At `end`, in ticks.
void ExitTracepoint::settled_by_kernel(uint64_t end, Recorder& recorder)
{
    if (!m_pending)
        return;
    uint64_t begin = ticks(m_pending_time);
    recorder.timed_exit({ .time = begin,
        .duration = static_cast<uint32_t>(std::min<uint64_t>(end > begin ? end - begin : 0, UINT32_MAX)),
        .kind = kind_of_hardware_exit(m_pending->code),
        .real_ring = RealRing::NonRoot,
        .eip = m_pending->eip,
        .raw = m_pending->code,
        .a = m_pending->qualification,
        .b = m_pending->code });
    m_pending.reset();
}

// The kernel says how it made its time out of the time-stamp counter; where it does not, there is no way back, and the
// event is given the time at which it is read.
uint64_t ExitTracepoint::ticks(uint64_t perf_time) const
{
    const auto* control = static_cast<const perf_event_mmap_page*>(m_ring);
    if (!control->cap_user_time_zero || control->time_mult == 0)
        return __rdtsc();
    auto delta = static_cast<unsigned __int128>(perf_time - control->time_zero);
    return static_cast<uint64_t>((delta << control->time_shift) / control->time_mult);
}

}
