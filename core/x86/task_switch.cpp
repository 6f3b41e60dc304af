#include "core/x86/task_switch.hpp"

#include "core/x86/linear_memory.hpp"
#include "core/x86/task_segments.hpp"
#include "core/x86/task_state.hpp"

#include <cstddef>

namespace ringside {

namespace {

// The bits of EFLAGS that exist on this processor (SDM 1 figure 3-8).
constexpr uint32_t defined_eflags = 0x003F7FD5;
// L0 to L3 and LE: breakpoints of one task only (SDM 3B §17.2.4).
constexpr uint32_t local_breakpoints = 0x155;

// A new task's state, from either format.
struct TaskImage {
    uint32_t cr3 = 0;
    uint32_t eip = 0;
    uint32_t eflags = 0;
    std::array<uint32_t, 8> gpr {};
    std::array<uint16_t, 6> selectors {};
    uint16_t ldt = 0;
    bool trap = false;
};

// One switch in progress. The steps are those of SDM 3A §7.3.
struct Switch {
    CpuState& state;
    GuestMemory& memory;
    const TaskSwitchRequest& request;
    LinearMemory linear;

    FoundDescriptor incoming {};
    Segment new_tr {};

    bool returns() const { return request.cause == TaskSwitchCause::InterruptReturn; }
    // CALL and gates nest: the new task links back and the old one stays busy.
    bool nests() const { return request.cause == TaskSwitchCause::Call || request.cause == TaskSwitchCause::Gate; }
    Fault fault(Vector vector, Selector selector) const
    {
        return fault_with_code(vector, selector.error_code(request.external));
    }

    [[nodiscard]] MaybeFault find_new_task();
    [[nodiscard]] MaybeFault check_paged_in() const;
    [[nodiscard]] MaybeFault save_old_state() const;
    [[nodiscard]] MaybeFault update_busy_and_link() const;
    [[nodiscard]] MaybeFault read_new_state(TaskImage& image) const;
    void commit(const TaskImage& image);
};

bool is_tss_of(const Descriptor& descriptor, bool busy)
{
    return busy ? descriptor.is(SystemType::BusyTss16) || descriptor.is(SystemType::BusyTss32)
                : descriptor.is(SystemType::AvailableTss16) || descriptor.is(SystemType::AvailableTss32);
}

SystemType tss_type(const Segment& tr, bool busy)
{
    if (is_32_bit_tss(tr))
        return busy ? SystemType::BusyTss32 : SystemType::AvailableTss32;
    return busy ? SystemType::BusyTss16 : SystemType::AvailableTss16;
}

// Steps 1, 3 and 4. IRET finds its link in a TSS and reports #TS, the others a selector of the program's and report #GP
// (SDM 2A "INT n", "IRET", "JMP").
MaybeFault Switch::find_new_task()
{
    Fault refused = fault(returns() ? TS : GP, request.tss);
    if (request.tss.is_null() || request.tss.is_local())
        return refused;
    if (auto outside = find_descriptor(memory, state, request.tss, refused, incoming))
        return outside;
    if (!is_tss_of(incoming.descriptor, returns()))
        return refused;
    if (!incoming.descriptor.is_present())
        return fault(NP, request.tss);
    new_tr = incoming.descriptor.segment_register(request.tss);
    if (new_tr.limit < (is_32_bit_tss(new_tr) ? sizeof(Tss32) : sizeof(Tss16)) - 1)
        return fault(TS, request.tss);
    return {};
}

// Step 5, and the room for the old state, which the manual takes for granted.
MaybeFault Switch::check_paged_in() const
{
    auto old_size = static_cast<uint32_t>(is_32_bit_tss(state.tr) ? offsetof(Tss32, ldt) : offsetof(Tss16, ldt));
    auto new_size = static_cast<uint32_t>(is_32_bit_tss(new_tr) ? sizeof(Tss32) : sizeof(Tss16));
    if (state.tr.limit < old_size - 1)
        return fault(TS, Selector { state.tr.selector });
    LinearMemory::Extent extent;
    if (auto failed = linear.translate(Gla { state.tr.base }, old_size, Access::Write, Privilege::Supervisor, extent))
        return failed;
    auto access = nests() ? Access::Write : Access::Read; // the link is written
    return linear.translate(Gla { new_tr.base }, new_size, access, Privilege::Supervisor, extent);
}

// Steps 7 and 8.
MaybeFault Switch::save_old_state() const
{
    uint32_t eflags = returns() ? request.return_eflags & ~eflags::nt : request.return_eflags;
    if (is_32_bit_tss(state.tr)) {
        Tss32 tss {};
        tss.eip = request.return_eip;
        tss.eflags = eflags;
        tss.gpr = state.gpr;
        for (unsigned i = 0; i < 6; ++i)
            tss.segments[i] = state.segments[i].selector;
        auto saved = std::as_bytes(std::span { &tss, 1 }).subspan(offsetof(Tss32, eip));
        saved = saved.first(offsetof(Tss32, ldt) - offsetof(Tss32, eip));
        return linear.write_bytes(Gla { state.tr.base } + offsetof(Tss32, eip), saved, Privilege::Supervisor);
    }
    Tss16 tss {};
    tss.ip = static_cast<uint16_t>(request.return_eip);
    tss.flags = static_cast<uint16_t>(eflags);
    for (unsigned i = 0; i < 8; ++i)
        tss.gpr[i] = static_cast<uint16_t>(state.gpr[i]);
    for (unsigned i = 0; i < 4; ++i)
        tss.segments[i] = state.segments[i].selector;
    auto saved = std::as_bytes(std::span { &tss, 1 }).subspan(offsetof(Tss16, ip));
    saved = saved.first(offsetof(Tss16, ldt) - offsetof(Tss16, ip));
    return linear.write_bytes(Gla { state.tr.base } + offsetof(Tss16, ip), saved, Privilege::Supervisor);
}

// Steps 6 and 10, and the link (SDM 3A §7.4).
MaybeFault Switch::update_busy_and_link() const
{
    if (!nests()) {
        Selector old { state.tr.selector };
        FoundDescriptor outgoing;
        if (auto failed = find_descriptor(memory, state, old, fault(TS, old), outgoing))
            return failed;
        if (auto failed = set_system_type(memory, state, outgoing.address, tss_type(state.tr, false)))
            return failed;
    } else if (auto failed = linear.write(Gla { new_tr.base }, state.tr.selector, Privilege::Supervisor)) {
        return failed;
    }
    return set_system_type(memory, state, incoming.address, tss_type(new_tr, true));
}

MaybeFault Switch::read_new_state(TaskImage& image) const
{
    if (is_32_bit_tss(new_tr)) {
        Tss32 tss {};
        if (auto failed = linear.read(Gla { new_tr.base }, tss, Privilege::Supervisor))
            return failed;
        image = { tss.cr3, tss.eip, tss.eflags, tss.gpr, {}, static_cast<uint16_t>(tss.ldt), (tss.trap & 1) != 0 };
        for (unsigned i = 0; i < 6; ++i)
            image.selectors[i] = static_cast<uint16_t>(tss.segments[i]);
        return {};
    }
    // A 16-bit TSS has no CR3, FS, GS or upper halves; the manual leaves the latter undefined, here they become 0.
    Tss16 tss {};
    if (auto failed = linear.read(Gla { new_tr.base }, tss, Privilege::Supervisor))
        return failed;
    image = { state.cr3, tss.ip, tss.flags, {}, {}, tss.ldt, false };
    for (unsigned i = 0; i < 8; ++i)
        image.gpr[i] = tss.gpr[i];
    for (unsigned i = 0; i < 4; ++i)
        image.selectors[i] = tss.segments[i];
    return {};
}

// Steps 9, 11 and 12.
void Switch::commit(const TaskImage& image)
{
    state.tr = new_tr;
    state.tr.attributes
        = static_cast<uint16_t>((new_tr.attributes & ~0xF) | static_cast<uint16_t>(tss_type(new_tr, true)));
    if (state.cr0 & cr0::pg)
        state.cr3 = image.cr3;
    state.cr0 |= cr0::ts; // SDM 3A §2.5: the FPU still holds the old task's state
    state.dr[7] &= ~local_breakpoints;
    state.gpr = image.gpr;
    state.eip = image.eip;
    state.eflags = (image.eflags & defined_eflags) | eflags::fixed | (nests() ? eflags::nt : 0);
    place_task_selectors(state, image.selectors, image.ldt);
}

}

TaskSwitch switch_task(CpuState& state, GuestMemory& memory, const TaskSwitchRequest& request)
{
    Switch change { state, memory, request, LinearMemory(memory, state) };
    if (auto fault = change.find_new_task())
        return { fault };
    if (auto fault = change.check_paged_in())
        return { fault };
    if (auto fault = change.save_old_state())
        return { fault };
    if (auto fault = change.update_busy_and_link())
        return { fault };
    TaskImage image;
    if (auto fault = change.read_new_state(image))
        return { fault };
    change.commit(image);
    return { load_task_segments(state, memory, request.external), true, image.trap };
}

}
