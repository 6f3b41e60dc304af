#include "strategies/native/ldt.hpp"

#include "core/verify.hpp"
#include "core/x86/descriptors.hpp"

#include <asm/ldt.h>
#include <cerrno>
#include <cstring>
#include <sys/syscall.h>
#include <unistd.h>

namespace ringside {

namespace {

constexpr int write_new_format = 0x11; // modify_ldt(2)
constexpr uint16_t local = 4, ring_3 = 3;

uint16_t selector_of(unsigned index)
{
    return static_cast<uint16_t>(index << 3 | local | ring_3);
}

bool is_code(const Segment& segment)
{
    return segment.type() & segment_type::code;
}

bool expands_down(const Segment& segment)
{
    return !is_code(segment) && (segment.type() & segment_type::expand_down);
}

user_desc descriptor(unsigned index, const Segment& segment, uint32_t limit)
{
    user_desc made {};
    made.entry_number = index;
    made.base_addr = segment.base;
    bool pages = limit > 0xFFFFF;
    made.limit = pages ? limit >> 12 : limit;
    made.limit_in_pages = pages;
    made.seg_32bit = segment.is_big();
    // MODIFY_LDT_CONTENTS: 0 data, 1 expand-down data, 2 code. Conforming code is the same as other code in ring 3.
    made.contents = is_code(segment) ? 2 : expands_down(segment) ? 1 : 0;
    bool readable_or_writable = segment.type() & segment_type::writable;
    made.read_exec_only = !readable_or_writable;
    made.useable = 1;
    return made;
}

bool write_descriptor(user_desc made)
{
    return syscall(SYS_modify_ldt, write_new_format, &made, sizeof(made)) == 0;
}

// The last valid offset below `end`; nothing if there is none, or if that cannot be said with a limit.
std::optional<uint32_t> truncated_limit(const Segment& segment, uint64_t end)
{
    if (expands_down(segment))
        return end == uint64_t { 1 } << 32 ? std::optional { segment.limit } : std::nullopt;
    if (segment.base >= end)
        return std::nullopt;
    uint64_t room = end - segment.base - 1;
    if (end == uint64_t { 1 } << 32 || segment.limit <= room)
        return segment.limit;
    auto limit = static_cast<uint32_t>(room);
    // Above 1 MiB a limit counts in pages: rounded down, so that it never reaches too far.
    if (limit > 0xFFFFF && (limit & 0xFFF) != 0xFFF)
        limit = (limit & ~0xFFFu) - 1;
    return limit;
}

}

// The table exists before the guest runs, so that its allocation is no part of the first exit.
Ldt::Ldt()
{
    (void)write_descriptor(descriptor(slots - 1, { 0, 0x00F3, 0, 0 }, 0));
}

Ldt::~Ldt()
{
    s_written_by = nullptr;
    for (unsigned index = 0; index < slots; ++index) {
        user_desc empty {};
        empty.entry_number = index;
        empty.read_exec_only = 1;
        empty.seg_not_present = 1;
        (void)write_descriptor(empty);
    }
}

Result<void> Ldt::probe()
{
    if (write_descriptor(descriptor(0, { 0, 0x00F3, 0, 0 }, 0)))
        return {};
    return fail(ExitCode::Unavailable, std::string("modify_ldt is refused: ") + std::strerror(errno),
        "use a kernel with CONFIG_MODIFY_LDT_SYSCALL, outside a container that filters the call");
}

uint16_t Ldt::selector_for(const Segment& segment, uint64_t end)
{
    if (!segment.is_present() || !(segment.attributes & Segment::code_or_data) || (segment.selector & 0xFFFC) == 0)
        return 0;
    auto limit = truncated_limit(segment, end);
    if (!limit)
        return 0;
    uint16_t attributes = segment.attributes | segment_type::accessed;
    for (unsigned index = 0; index < slots; ++index) {
        Slot& slot = m_slots[index];
        if (slot.used && slot.base == segment.base && slot.limit == *limit && slot.attributes == attributes) {
            slot.guest = segment;
            return selector_of(index);
        }
    }
    unsigned index = m_next;
    m_next = m_next + 1 < slots ? m_next + 1 : first_slot;
    ++m_generation;
    write(index, segment, *limit);
    return selector_of(index);
}

void Ldt::write(unsigned index, const Segment& segment, uint32_t limit)
{
    VERIFY(write_descriptor(descriptor(index, segment, limit)));
    s_written_by = this;
    auto attributes = static_cast<uint16_t>(segment.attributes | segment_type::accessed);
    m_slots[index] = { true, segment.base, limit, attributes, segment };
}

std::optional<Segment> Ldt::guest_segment(uint16_t selector) const
{
    unsigned index = selector >> 3;
    if (!(selector & local) || index >= slots || !m_slots[index].used)
        return std::nullopt;
    return m_slots[index].guest;
}

void Ldt::restore()
{
    if (s_written_by == this)
        return;
    for (unsigned index = 0; index < slots; ++index) {
        if (const Slot slot = m_slots[index]; slot.used)
            write(index, slot.guest, slot.limit);
    }
}

void Ldt::reserve(uint16_t selector, const Segment& segment, uint64_t end)
{
    VERIFY((selector >> 3) < first_slot && (selector & 7) == (local | ring_3));
    if (auto limit = truncated_limit(segment, end))
        write(selector >> 3, segment, *limit);
}

}
