#include "bench/hardware_bench/bare_kvm.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace ringside {

namespace {

constexpr uint32_t code_at = 0x100000;
constexpr std::size_t memory_bytes = 0x200000;

kvm_segment flat(uint16_t selector, uint8_t type)
{
    kvm_segment segment {};
    segment.selector = selector;
    segment.limit = 0xFFFFFFFF;
    segment.type = type;
    segment.present = segment.s = segment.db = segment.g = 1;
    return segment;
}

Unexpected failure(const char* what)
{
    return fail(ExitCode::Unavailable, std::string(what) + ": " + std::strerror(errno));
}

}

Result<std::unique_ptr<BareKvm>> BareKvm::create(std::span<const uint8_t> code)
{
    std::unique_ptr<BareKvm> bare(new BareKvm);
    if ((bare->m_system = open("/dev/kvm", O_RDWR | O_CLOEXEC)) < 0)
        return failure("/dev/kvm");
    if ((bare->m_machine = ioctl(bare->m_system, KVM_CREATE_VM, 0)) < 0)
        return failure("KVM_CREATE_VM");
    void* memory = mmap(nullptr, memory_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return failure("mmap");
    bare->m_memory = static_cast<uint8_t*>(memory);
    std::memcpy(bare->m_memory + code_at, code.data(), code.size());
    kvm_userspace_memory_region region {};
    region.memory_size = memory_bytes;
    region.userspace_addr = reinterpret_cast<uint64_t>(memory);
    if (ioctl(bare->m_machine, KVM_SET_USER_MEMORY_REGION, &region) != 0)
        return failure("KVM_SET_USER_MEMORY_REGION");
    if ((bare->m_cpu = ioctl(bare->m_machine, KVM_CREATE_VCPU, 0)) < 0)
        return failure("KVM_CREATE_VCPU");
    bare->m_run_bytes = ioctl(bare->m_system, KVM_GET_VCPU_MMAP_SIZE, 0);
    void* run = mmap(nullptr, static_cast<std::size_t>(bare->m_run_bytes), PROT_READ | PROT_WRITE, MAP_SHARED, bare->m_cpu, 0);
    if (run == MAP_FAILED)
        return failure("mmap of the virtual CPU");
    bare->m_run = static_cast<kvm_run*>(run);
    return bare;
}

BareKvm::~BareKvm()
{
    if (m_run)
        munmap(m_run, static_cast<std::size_t>(m_run_bytes));
    if (m_memory)
        munmap(m_memory, memory_bytes);
    for (int descriptor : { m_cpu, m_machine, m_system })
        close(descriptor);
}

std::optional<double> BareKvm::run(uint32_t count)
{
    kvm_sregs system {};
    ioctl(m_cpu, KVM_GET_SREGS, &system);
    system.cs = flat(8, 0xB);
    system.ss = system.ds = system.es = system.fs = system.gs = flat(16, 3);
    system.cr0 = 0x11; // PE, ET
    kvm_regs registers {};
    registers.rip = code_at;
    registers.rcx = count;
    registers.rflags = 2;
    if (ioctl(m_cpu, KVM_SET_SREGS, &system) != 0 || ioctl(m_cpu, KVM_SET_REGS, &registers) != 0)
        return std::nullopt;
    auto begin = std::chrono::steady_clock::now();
    do {
        if (ioctl(m_cpu, KVM_RUN, 0) != 0)
            return std::nullopt;
    } while (m_run->exit_reason == KVM_EXIT_IO);
    if (m_run->exit_reason != KVM_EXIT_HLT)
        return std::nullopt;
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}
