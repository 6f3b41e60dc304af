// KVM's files (Linux, Documentation/virt/kvm/api.rst): the system, a virtual machine, a virtual CPU. Each call is one
// ioctl(2); what it gives back is checked by the caller.
#pragma once

#include "core/result.hpp"
#include "core/session/descriptor.hpp"

#include <cstddef>
#include <cstdint>
#include <linux/kvm.h>
#include <memory>
#include <span>
#include <string>
#include <sys/ioctl.h>
#include <utility>

namespace ringside {

class KvmFile {
public:
    explicit KvmFile(Descriptor descriptor) : m_descriptor(std::move(descriptor)) { }
    int descriptor() const { return m_descriptor.get(); }

    // As ioctl(2): negative with errno set when it fails.
    template<typename... Arguments>
    int call(unsigned long request, Arguments... arguments) const
    {
        return ioctl(m_descriptor.get(), request, arguments...);
    }

private:
    Descriptor m_descriptor;
};

class KvmCpu;
class KvmMachine;

// /dev/kvm.
class KvmSystem : public KvmFile {
public:
    // Why it cannot be used; in the order in which one meets the obstacles.
    enum class Obstacle : uint8_t { None, NoDevice, NoPermission, OldInterface, Other };
    struct Opened;
    static Opened open();

    // What the capability answers: 0 if it is not offered.
    int offers(int capability) const { return call(KVM_CHECK_EXTENSION, capability); }
    Result<KvmMachine> create_machine() const;

private:
    using KvmFile::KvmFile;
};

class KvmMachine : public KvmFile {
public:
    // Guest-physical [base, base + memory.size()) is this memory, which stays mapped as long as the machine.
    Result<void> map(unsigned slot, uint64_t base, std::span<std::byte> memory) const;
    Result<KvmCpu> create_cpu(const KvmSystem& system) const;

private:
    friend class KvmSystem;
    using KvmFile::KvmFile;
};

// One virtual CPU, and the page that it shares with its user. Used by one thread, but for block().immediate_exit.
class KvmCpu : public KvmFile {
public:
    // Enters the guest until the next exit: 0, or errno: EINTR when a signal or immediate_exit ended it.
    int run() const;
    kvm_run& block() const { return *m_block.get(); }
    // Of block(): where the data of a port access lies. Empty if it is not all inside the shared pages.
    std::span<std::byte> data(uint64_t offset, uint64_t bytes) const;

private:
    friend class KvmMachine;
    struct Unmap {
        std::size_t bytes = 0;
        void operator()(kvm_run* block) const;
    };
    KvmCpu(Descriptor descriptor, kvm_run* block, std::size_t bytes)
        : KvmFile(std::move(descriptor))
        , m_block(block, Unmap { bytes })
    {
    }

    std::unique_ptr<kvm_run, Unmap> m_block;
};

struct KvmSystem::Opened {
    Obstacle obstacle = Obstacle::None;
    std::string reason;               // of the obstacle
    std::unique_ptr<KvmSystem> system; // if there is none
};

// "KVM_CREATE_VM: Cannot allocate memory", of errno.
Unexpected kvm_failure(const char* call);

}
