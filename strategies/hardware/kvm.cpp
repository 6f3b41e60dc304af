#include "strategies/hardware/kvm.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>

namespace ringside {

namespace {

constexpr const char* device = "/dev/kvm";
constexpr unsigned long identity_map_at = 0xFFFBC000, task_at = 0xFFFBD000;

KvmSystem::Opened obstacle_of(int error)
{
    using enum KvmSystem::Obstacle;
    switch (error) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
        return { NoDevice, fmt::format("there is no {}", device), nullptr };
    case EACCES:
    case EPERM:
        return { NoPermission, fmt::format("{} may not be opened", device), nullptr };
    default:
        return { Other, fmt::format("{} cannot be opened: {}", device, std::strerror(error)), nullptr };
    }
}

}

Unexpected kvm_failure(const char* call)
{
    return fail(ExitCode::Unavailable, fmt::format("KVM refuses {}: {}", call, std::strerror(errno)));
}

KvmSystem::Opened KvmSystem::open()
{
    Descriptor descriptor(::open(device, O_RDWR | O_CLOEXEC));
    if (!descriptor)
        return obstacle_of(errno);
    std::unique_ptr<KvmSystem> system(new KvmSystem(std::move(descriptor)));
    int version = system->call(KVM_GET_API_VERSION, 0);
    if (version != KVM_API_VERSION)
        return { Obstacle::OldInterface, fmt::format("{} does not speak KVM's interface {}, but {}", device, KVM_API_VERSION, version),
            nullptr };
    return { Obstacle::None, "", std::move(system) };
}

Result<KvmMachine> KvmSystem::create_machine() const
{
    Descriptor descriptor(call(KVM_CREATE_VM, 0));
    if (!descriptor)
        return kvm_failure("KVM_CREATE_VM");
    KvmMachine machine(std::move(descriptor));
    // VT-x without "unrestricted guest" plays real-address mode with a task of KVM's own, in guest-physical memory that the
    // guest does not use: three pages below the BIOS of a PC, and one for page tables (api.rst, KVM_SET_TSS_ADDR).
    uint64_t identity_map = identity_map_at;
    if (offers(KVM_CAP_SET_IDENTITY_MAP_ADDR) > 0 && machine.call(KVM_SET_IDENTITY_MAP_ADDR, &identity_map) != 0)
        return kvm_failure("KVM_SET_IDENTITY_MAP_ADDR");
    if (offers(KVM_CAP_SET_TSS_ADDR) > 0 && machine.call(KVM_SET_TSS_ADDR, task_at) != 0)
        return kvm_failure("KVM_SET_TSS_ADDR");
    return machine;
}

Result<void> KvmMachine::map(unsigned slot, uint64_t base, std::span<std::byte> memory) const
{
    kvm_userspace_memory_region region {};
    region.slot = slot;
    region.guest_phys_addr = base;
    region.memory_size = memory.size();
    region.userspace_addr = reinterpret_cast<uint64_t>(memory.data());
    if (call(KVM_SET_USER_MEMORY_REGION, &region) != 0)
        return kvm_failure("KVM_SET_USER_MEMORY_REGION");
    return {};
}

Result<KvmCpu> KvmMachine::create_cpu(const KvmSystem& system) const
{
    int bytes = system.call(KVM_GET_VCPU_MMAP_SIZE, 0);
    if (bytes < static_cast<int>(sizeof(kvm_run)))
        return kvm_failure("KVM_GET_VCPU_MMAP_SIZE");
    Descriptor descriptor(call(KVM_CREATE_VCPU, 0));
    if (!descriptor)
        return kvm_failure("KVM_CREATE_VCPU");
    auto size = static_cast<std::size_t>(bytes);
    void* block = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.get(), 0);
    if (block == MAP_FAILED)
        return kvm_failure("the mapping of a virtual CPU");
    return KvmCpu(std::move(descriptor), static_cast<kvm_run*>(block), size);
}

int KvmCpu::run() const
{
    return call(KVM_RUN, 0) == 0 ? 0 : errno;
}

std::span<std::byte> KvmCpu::data(uint64_t offset, uint64_t bytes) const
{
    uint64_t size = m_block.get_deleter().bytes;
    if (offset > size || bytes > size - offset)
        return {};
    return { reinterpret_cast<std::byte*>(m_block.get()) + offset, bytes };
}

void KvmCpu::Unmap::operator()(kvm_run* block) const
{
    munmap(block, bytes);
}

}
