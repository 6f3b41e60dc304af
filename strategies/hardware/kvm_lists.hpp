// KVM's structures that end in an array of no fixed length. Those of the kernel's headers have another layout in C++ than in
// C (before Linux 6.7 an empty struct stands before the array, which C++ gives a byte), and so other request numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <linux/kvm.h>
#include <sys/ioctl.h>

namespace ringside {

// struct kvm_msrs, struct kvm_cpuid2.
template<typename Entry, std::size_t Count>
struct KvmList {
    static constexpr std::size_t capacity = Count;
    uint32_t count = 0;
    uint32_t padding = 0;
    Entry entries[Count] {};
};

// struct kvm_xsave.
struct KvmXsave {
    static constexpr std::size_t bytes = 4096;
    alignas(64) std::byte region[bytes] {};
};

namespace kvm_request {
inline constexpr unsigned list_head = 8; // bytes
inline constexpr unsigned long set_msrs = _IOC(_IOC_WRITE, KVMIO, 0x89, list_head);
inline constexpr unsigned long set_cpuid2 = _IOC(_IOC_WRITE, KVMIO, 0x90, list_head);
inline constexpr unsigned long get_xsave = _IOC(_IOC_READ, KVMIO, 0xA4, KvmXsave::bytes);
inline constexpr unsigned long set_xsave = _IOC(_IOC_WRITE, KVMIO, 0xA5, KvmXsave::bytes);
}

// struct kvm_stats_desc, without the name that follows it.
struct KvmStatisticsDescriptor {
    uint32_t flags;
    int16_t exponent;
    uint16_t size;
    uint32_t offset;
    uint32_t bucket_size;
};
static_assert(sizeof(KvmStatisticsDescriptor) == 16);

}
