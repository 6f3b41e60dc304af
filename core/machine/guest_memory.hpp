// The guest's physical memory: one memfd, mapped once into this process and shared by whoever is given the
// descriptor (native strategies map its pages into the guest's window, KVM takes it as a memory slot).
//
//   0x00000000  conventional memory                 RAM
//   0x000A0000  graphics window                     not RAM: the bus answers
//   0x000B8000  VGA text                            RAM, which the VGA device shows
//   0x000C0000  option ROMs and BIOS area           RAM (MP table in 0x000F0000..)
//   0x00100000  extended memory                     RAM up to size()
//
// Every access names a guest-physical address and a length and is checked here; whatever is not RAM is refused.
#pragma once

#include "core/machine/address.hpp"
#include "core/machine/watched_frames.hpp"
#include "core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

namespace ringside {

inline constexpr uint64_t mebibyte = 1024 * 1024;
inline constexpr uint64_t minimum_memory = 2 * mebibyte;
// RAM ends where the memory-mapped devices of a 32-bit PC begin.
inline constexpr uint64_t maximum_memory = 3584 * mebibyte;

struct MemoryRegion {
    Gpa base;
    uint64_t size = 0;
};

class GuestMemory {
public:
    // `bytes`: a multiple of 4 KiB between minimum_memory and maximum_memory. Zero-filled.
    static Result<GuestMemory> create(uint64_t bytes);

    // The memory of a guest in another process, to look at while it runs: nothing may be written to it. Takes the descriptor,
    // and trusts nothing about it: it must be a memory file of exactly this size that can never shrink.
    static Result<GuestMemory> open_read_only(int descriptor, uint64_t bytes);

    GuestMemory(GuestMemory&&) noexcept;
    GuestMemory& operator=(GuestMemory&&) noexcept;
    GuestMemory(const GuestMemory&) = delete;
    GuestMemory& operator=(const GuestMemory&) = delete;
    ~GuestMemory();

    uint64_t size() const { return m_size; }
    int descriptor() const { return m_descriptor; }

    // The regions that are RAM, ascending. A strategy maps exactly these.
    std::span<const MemoryRegion> regions() const { return { m_regions, 3 }; }

    // True if all of [base, base + length) is RAM of one region.
    bool contains(Gpa base, uint64_t length) const
    {
        for (const auto& region : m_regions) {
            if (base >= region.base && length <= region.size && base.value - region.base.value <= region.size - length)
                return true;
        }
        return false;
    }

    // The bytes of [base, base + length), or an empty span if that is not all RAM.
    std::span<std::byte> bytes(Gpa base, uint64_t length)
    {
        if (!contains(base, length))
            return {};
        if (m_watch) [[unlikely]]
            m_watch->note(base, length);
        return { m_host + base.value, length };
    }
    std::span<const std::byte> bytes(Gpa base, uint64_t length) const
    {
        return contains(base, length) ? std::span<const std::byte> { m_host + base.value, length }
                                      : std::span<const std::byte> {};
    }

    // Little-endian scalars at any alignment; nothing / false if not all RAM.
    template<typename T>
    std::optional<T> read(Gpa address) const
    {
        static_assert(std::is_trivially_copyable_v<T>);
        auto source = bytes(address, sizeof(T));
        if (source.empty())
            return std::nullopt;
        T value;
        std::memcpy(&value, source.data(), sizeof(T));
        return value;
    }
    template<typename T>
    bool write(Gpa address, const T& value)
    {
        static_assert(std::is_trivially_copyable_v<T>);
        auto target = bytes(address, sizeof(T));
        if (target.empty())
            return false;
        std::memcpy(target.data(), &value, sizeof(T));
        return true;
    }

    // Who is told of bytes() that may be written, or nobody.
    void set_watch(WatchedFrames* watch) { m_watch = watch; }

private:
    GuestMemory() = default;
    Result<void> map(uint64_t bytes, int protection);

    int m_descriptor = -1;
    std::byte* m_host = nullptr;
    uint64_t m_size = 0;
    MemoryRegion m_regions[3] = {};
    WatchedFrames* m_watch = nullptr;
};

}
