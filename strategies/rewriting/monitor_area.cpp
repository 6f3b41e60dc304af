#include "strategies/rewriting/monitor_area.hpp"

#include "core/machine/address.hpp"
#include "core/verify.hpp"

#include <cerrno>
#include <cstring>
#include <new>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

extern "C" void ringside_rewriting_gate();

namespace ringside::rewriting {

namespace {

void* address(uint32_t at)
{
    return reinterpret_cast<void*>(uintptr_t { at });
}

// 64-bit code: jmp *2(%rip), and the address, aligned: the guest's AC may be set (SDM 3A §6.15 "Interrupt 17").
void fill_gate(std::byte* page)
{
    constexpr uint8_t jump[] { 0xFF, 0x25, 2, 0, 0, 0, 0xCC, 0xCC };
    auto gate = reinterpret_cast<uint64_t>(&ringside_rewriting_gate);
    std::memcpy(page, jump, sizeof(jump));
    std::memcpy(page + sizeof(jump), &gate, sizeof(gate));
}

void fill_popf_codes(std::byte* table)
{
    constexpr unsigned tf = 1, interrupt_flag = 2, iopl = 0x30, nt = 0x40;
    for (unsigned high = 0; high < popf_code_count; ++high) {
        uint32_t code = high & interrupt_flag ? interrupts_on : interrupts_off;
        table[high] = std::byte(high & (tf | iopl | nt) ? 0 : code);
    }
}

// RF, VM, VIF, VIP.
void fill_high_flag_codes(std::byte* table)
{
    constexpr unsigned not_inline = 0x1B;
    for (unsigned high = 0; high < high_flag_code_count; ++high)
        table[high] = std::byte(high & not_inline ? 0 : 1);
}

}

Result<MonitorArea> MonitorArea::create()
{
    MonitorArea area;
    area.m_file = memfd_create("ringside-rewriting", MFD_CLOEXEC);
    void* ours = MAP_FAILED;
    if (area.m_file >= 0 && ftruncate(area.m_file, bytes) == 0)
        ours = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, area.m_file, 0);
    if (ours == MAP_FAILED)
        return fail(ExitCode::Unavailable, std::string("no memory for translated code: ") + std::strerror(errno));
    area.m_ours = static_cast<std::byte*>(ours);
    fill_gate(area.m_ours);
    fill_popf_codes(area.m_ours + constants_at);
    fill_high_flag_codes(area.m_ours + constants_at + popf_code_count);
    new (area.m_ours + slots_at) Slots;
    new (area.m_ours + state_at) VirtualState;
    return area;
}

MonitorArea::MonitorArea(MonitorArea&& other) noexcept
    : m_file(std::exchange(other.m_file, -1))
    , m_ours(std::exchange(other.m_ours, nullptr))
    , m_attached(std::exchange(other.m_attached, false))
    , m_hidden(other.m_hidden)
{
}

MonitorArea::~MonitorArea()
{
    detach();
    if (m_ours)
        munmap(m_ours, bytes);
    if (m_file >= 0)
        close(m_file);
}

// From `begin` to the next part's.
struct MonitorArea::Part {
    uint32_t begin, end;
    int rights;
    int rights_beside_ring_3; // Hidden::Ring0
};

std::span<const MonitorArea::Part> MonitorArea::parts()
{
    static constexpr Part all[] {
        { 0, slots_at, PROT_READ | PROT_EXEC, PROT_READ | PROT_EXEC },
        { slots_at, state_at, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE },
        { state_at, constants_at, PROT_READ | PROT_WRITE, PROT_READ },
        { constants_at, ring_0_at, PROT_READ, PROT_READ },
        { ring_0_at, ring_3_at, PROT_READ | PROT_EXEC, PROT_NONE },
        { ring_3_at, bytes, PROT_READ | PROT_EXEC, PROT_READ | PROT_EXEC },
    };
    return all;
}

void MonitorArea::attach()
{
    if (std::exchange(m_attached, true))
        return;
    for (const auto& part : parts())
        VERIFY(mmap(address(base + part.begin), part.end - part.begin, part.rights, MAP_SHARED | MAP_FIXED, m_file,
                   static_cast<off_t>(part.begin))
            != MAP_FAILED);
}

// A mapping without rights, not a hole, as in the rest of the window.
void MonitorArea::detach()
{
    constexpr int nothing = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
    if (std::exchange(m_attached, false))
        VERIFY(mmap(address(base), bytes, PROT_NONE, nothing, -1, 0) != MAP_FAILED);
    m_hidden = Hidden::None;
}

void MonitorArea::conceal(Hidden hidden)
{
    auto rights = [](const Part& part, Hidden how) {
        return how == Hidden::All ? PROT_NONE : how == Hidden::Ring0 ? part.rights_beside_ring_3 : part.rights;
    };
    Hidden before = std::exchange(m_hidden, hidden);
    if (before == hidden) [[likely]]
        return;
    for (const auto& part : parts()) {
        if (rights(part, before) != rights(part, hidden))
            VERIFY(mprotect(address(base + part.begin), part.end - part.begin, rights(part, hidden)) == 0);
    }
}

}
