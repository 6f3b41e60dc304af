#include "strategies/emulation/unicorn_state.hpp"

#include <cstring>

namespace ringside {

namespace {

// The mode flags that Unicorn derives from the architectural state and that choose the code it translates.
namespace hidden {
constexpr uint32_t cpl = 3, interrupt_shadow = 1 << 3, code_32 = 1 << 4, stack_32 = 1 << 5, add_segment_base = 1 << 6,
                   protected_mode = 1 << 7, fpu_bits = 7 << 9, osfxsr = 1 << 22;
constexpr uint32_t all
    = cpl | interrupt_shadow | code_32 | stack_32 | add_segment_base | protected_mode | fpu_bits | osfxsr;
}

// In the second word.
constexpr uint32_t hidden2_nmi_blocked = 1 << 2;

// SegmentCache flags hold descriptor bits 40..55 at bits 8..23; bits 16..19 are the limit's, not ours.
constexpr uint32_t attributes_shift = 8;
constexpr uint32_t attributes_mask = 0xF0FF;

// Offsets in the FXSAVE image (SDM 1 table 10-2).
namespace fxsave {
constexpr std::size_t control = 0, status = 2, tag = 4, opcode = 6, instruction = 8, operand = 16, mxcsr = 24,
                      mxcsr_mask = 28, st = 32, xmm = 160;
}

// A task register that is loaded is of a busy TSS (SDM 3A §7.2.2). Unicorn keeps it without the bit, and aborts the process
// when a call through a gate finds it there.
Segment with_busy(Segment task_register, bool busy)
{
    constexpr uint16_t present = 1 << 7, type = 0x1F, tss_without_size_and_busy = 1, size = 1 << 3, busy_bit = 1 << 1;
    bool is_tss = (task_register.attributes & type & ~(size | busy_bit)) == tss_without_size_and_busy;
    if (is_tss && (task_register.attributes & present))
        task_register.attributes
            = static_cast<uint16_t>(busy ? task_register.attributes | busy_bit : task_register.attributes & ~busy_bit);
    return task_register;
}

constexpr uint16_t fpu_top_shift = 11;
constexpr uint16_t fpu_top_mask = 7 << fpu_top_shift;

template<typename T>
T image_get(const CpuState& state, std::size_t offset)
{
    T value;
    std::memcpy(&value, state.fxsave.data() + offset, sizeof(T));
    return value;
}

template<typename T>
void image_put(CpuState& state, std::size_t offset, T value)
{
    std::memcpy(state.fxsave.data() + offset, &value, sizeof(T));
}

}

UnicornState::UnicornState(UnicornEngine& engine, const UnicornLayout& layout)
    : m_engine(engine.get())
    , m_layout(layout)
    , m_context(engine)
{
}

template<typename T>
T UnicornState::get(std::size_t offset) const
{
    T value;
    std::memcpy(&value, const_cast<UnicornContext&>(m_context).bytes().data() + offset, sizeof(T));
    return value;
}

template<typename T>
void UnicornState::put(std::size_t offset, T value)
{
    std::memcpy(m_context.bytes().data() + offset, &value, sizeof(T));
}

Segment UnicornState::get_segment(std::size_t offset) const
{
    return { .selector = static_cast<uint16_t>(get<uint32_t>(offset)),
        .attributes = static_cast<uint16_t>((get<uint32_t>(offset + 20) >> attributes_shift) & attributes_mask),
        .base = static_cast<uint32_t>(get<uint64_t>(offset + 8)),
        .limit = get<uint32_t>(offset + 16) };
}

void UnicornState::put_segment(std::size_t offset, const Segment& segment)
{
    put<uint32_t>(offset, segment.selector);
    put<uint64_t>(offset + 8, segment.base);
    put<uint32_t>(offset + 16, segment.limit);
    put<uint32_t>(offset + 20, uint32_t { segment.attributes } << attributes_shift);
}

// Unicorn adds segment bases only when it must: always outside 32-bit protected mode, else when one of them is not 0.
uint32_t UnicornState::hidden_flags(const CpuState& state) const
{
    uint32_t flags = get<uint32_t>(m_layout.hidden_flags) & ~hidden::all;
    bool plain = state.protected_mode() && !state.virtual_8086() && state.segment(Cs).is_big();
    bool bases = state.segment(Ds).base || state.segment(Es).base || state.segment(Ss).base;
    flags |= state.cpl();
    flags |= state.interrupt_shadow ? hidden::interrupt_shadow : 0;
    flags |= state.segment(Cs).is_big() ? hidden::code_32 : 0;
    flags |= state.segment(Ss).is_big() ? hidden::stack_32 : 0;
    flags |= !plain || bases ? hidden::add_segment_base : 0;
    flags |= state.protected_mode() ? hidden::protected_mode : 0;
    flags |= (state.cr0 & (cr0::mp | cr0::em | cr0::ts)) << 8;
    flags |= state.cr4 & cr4::osfxsr ? hidden::osfxsr : 0;
    return flags;
}

void UnicornState::save(CpuState& state, StatePart part)
{
    m_context.save();
    for (unsigned i = 0; i < 8; ++i)
        state.gpr[i] = static_cast<uint32_t>(get<uint64_t>(m_layout.registers + 8 * i));
    state.eip = static_cast<uint32_t>(get<uint64_t>(m_layout.instruction_pointer));
    // The arithmetic flags are computed lazily; this call computes them.
    uc_reg_read(m_engine, UC_X86_REG_EFLAGS, &state.eflags);
    for (unsigned i = 0; i < 6; ++i)
        state.segments[i] = get_segment(m_layout.segments + i * UnicornLayout::segment_stride);
    state.ldtr = get_segment(m_layout.ldtr);
    state.tr = with_busy(get_segment(m_layout.tr), true);
    state.gdtr = { static_cast<uint32_t>(get<uint64_t>(m_layout.gdtr + 8)), static_cast<uint16_t>(get<uint32_t>(m_layout.gdtr + 16)) };
    state.idtr = { static_cast<uint32_t>(get<uint64_t>(m_layout.idtr + 8)), static_cast<uint16_t>(get<uint32_t>(m_layout.idtr + 16)) };
    state.cr0 = static_cast<uint32_t>(get<uint64_t>(m_layout.control));
    state.cr2 = static_cast<uint32_t>(get<uint64_t>(m_layout.control + 16));
    state.cr3 = static_cast<uint32_t>(get<uint64_t>(m_layout.control + 24));
    state.cr4 = static_cast<uint32_t>(get<uint64_t>(m_layout.control + 32));
    state.msrs.sysenter_cs = get<uint32_t>(m_layout.sysenter);
    state.msrs.sysenter_esp = get<uint32_t>(m_layout.sysenter + 8);
    state.msrs.sysenter_eip = get<uint32_t>(m_layout.sysenter + 16);
    state.interrupt_shadow = get<uint32_t>(m_layout.hidden_flags) & hidden::interrupt_shadow;
    state.nmi_blocked = get<uint32_t>(m_layout.hidden_flags + 4) & hidden2_nmi_blocked;
    if (part == StatePart::All)
        get_floating_point(state);
}

void UnicornState::load(const CpuState& state, StatePart part)
{
    bool paging_changed = get<uint64_t>(m_layout.control) != state.cr0 || get<uint64_t>(m_layout.control + 24) != state.cr3
        || get<uint64_t>(m_layout.control + 32) != state.cr4;
    for (unsigned i = 0; i < 8; ++i)
        put<uint64_t>(m_layout.registers + 8 * i, state.gpr[i]);
    put<uint64_t>(m_layout.instruction_pointer, state.eip);
    for (unsigned i = 0; i < 6; ++i)
        put_segment(m_layout.segments + i * UnicornLayout::segment_stride, state.segments[i]);
    put_segment(m_layout.ldtr, state.ldtr);
    put_segment(m_layout.tr, with_busy(state.tr, false));
    put<uint64_t>(m_layout.gdtr + 8, state.gdtr.base);
    put<uint32_t>(m_layout.gdtr + 16, state.gdtr.limit);
    put<uint64_t>(m_layout.idtr + 8, state.idtr.base);
    put<uint32_t>(m_layout.idtr + 16, state.idtr.limit);
    put<uint64_t>(m_layout.control, state.cr0);
    put<uint64_t>(m_layout.control + 16, state.cr2);
    put<uint64_t>(m_layout.control + 24, state.cr3);
    put<uint64_t>(m_layout.control + 32, state.cr4);
    put<uint32_t>(m_layout.sysenter, state.msrs.sysenter_cs);
    put<uint64_t>(m_layout.sysenter + 8, state.msrs.sysenter_esp);
    put<uint64_t>(m_layout.sysenter + 16, state.msrs.sysenter_eip);
    put<uint64_t>(m_layout.pat, state.msrs.pat);
    put<uint32_t>(m_layout.hidden_flags, hidden_flags(state));
    uint32_t second = get<uint32_t>(m_layout.hidden_flags + 4) & ~hidden2_nmi_blocked;
    put<uint32_t>(m_layout.hidden_flags + 4, second | (state.nmi_blocked ? hidden2_nmi_blocked : 0));
    // A stale value here would make Unicorn take the guest's next contributory fault for a double fault.
    put<int32_t>(m_layout.last_exception, -1);
    if (part == StatePart::All)
        put_floating_point(state);
    m_context.restore();
    uc_reg_write(m_engine, UC_X86_REG_EFLAGS, &state.eflags);
    if (part == StatePart::All) {
        // These two also set the rounding and precision that Unicorn derives from them.
        auto control = image_get<uint16_t>(state, fxsave::control);
        auto mxcsr = image_get<uint32_t>(state, fxsave::mxcsr);
        uc_reg_write(m_engine, UC_X86_REG_FPCW, &control);
        uc_reg_write(m_engine, UC_X86_REG_MXCSR, &mxcsr);
    }
    if (paging_changed)
        uc_ctl_flush_tlb(m_engine);
}

// The FXSAVE image orders registers from the top of the stack and keeps one "in use" bit a physical register; Unicorn
// keeps both by physical register (SDM 1 §10.5.1).
void UnicornState::get_floating_point(CpuState& state) const
{
    unsigned top = get<uint32_t>(m_layout.fpu_top) & 7;
    uint16_t status = get<uint16_t>(m_layout.fpu_status);
    image_put<uint16_t>(state, fxsave::control, get<uint16_t>(m_layout.fpu_control));
    image_put<uint16_t>(state, fxsave::status, static_cast<uint16_t>((status & ~fpu_top_mask) | (top << fpu_top_shift)));
    uint8_t in_use = 0;
    for (unsigned i = 0; i < 8; ++i)
        in_use = static_cast<uint8_t>(in_use | (get<uint8_t>(m_layout.fpu_empty + i) ? 0 : 1u << i));
    image_put<uint8_t>(state, fxsave::tag, in_use);
    image_put<uint16_t>(state, fxsave::opcode, get<uint16_t>(m_layout.fpu_pointers));
    image_put<uint32_t>(state, fxsave::instruction, get<uint32_t>(m_layout.fpu_pointers + 8));
    image_put<uint32_t>(state, fxsave::operand, get<uint32_t>(m_layout.fpu_pointers + 16));
    image_put<uint32_t>(state, fxsave::mxcsr, get<uint32_t>(m_layout.mxcsr));
    image_put<uint32_t>(state, fxsave::mxcsr_mask, 0xFFFF);
    for (unsigned i = 0; i < 8; ++i) {
        using Ten = std::array<std::byte, 10>;
        image_put(state, fxsave::st + 16 * i, get<Ten>(m_layout.fpu_registers + 16 * ((top + i) & 7)));
        using Sixteen = std::array<std::byte, 16>;
        image_put(state, fxsave::xmm + 16 * i, get<Sixteen>(m_layout.xmm + UnicornLayout::xmm_stride * i));
    }
}

void UnicornState::put_floating_point(const CpuState& state)
{
    auto status = image_get<uint16_t>(state, fxsave::status);
    unsigned top = (status >> fpu_top_shift) & 7;
    auto in_use = image_get<uint8_t>(state, fxsave::tag);
    put<uint32_t>(m_layout.fpu_top, top);
    put<uint16_t>(m_layout.fpu_status, static_cast<uint16_t>(status & ~fpu_top_mask));
    for (unsigned i = 0; i < 8; ++i)
        put<uint8_t>(m_layout.fpu_empty + i, in_use & (1u << i) ? 0 : 1);
    put<uint16_t>(m_layout.fpu_pointers, image_get<uint16_t>(state, fxsave::opcode));
    put<uint64_t>(m_layout.fpu_pointers + 8, image_get<uint32_t>(state, fxsave::instruction));
    put<uint64_t>(m_layout.fpu_pointers + 16, image_get<uint32_t>(state, fxsave::operand));
    for (unsigned i = 0; i < 8; ++i) {
        using Ten = std::array<std::byte, 10>;
        put(m_layout.fpu_registers + 16 * ((top + i) & 7), image_get<Ten>(state, fxsave::st + 16 * i));
        using Sixteen = std::array<std::byte, 16>;
        put(m_layout.xmm + UnicornLayout::xmm_stride * i, image_get<Sixteen>(state, fxsave::xmm + 16 * i));
    }
}

void UnicornState::set_instruction_pointer(uint32_t linear_address)
{
    m_context.save();
    uint32_t eip = linear_address - get_segment(m_layout.segments + Cs * UnicornLayout::segment_stride).base;
    uc_reg_write(m_engine, UC_X86_REG_EIP, &eip);
}

void UnicornState::set_flags_form(uint32_t form)
{
    if (form == 0)
        return;
    m_context.save();
    if (get<uint32_t>(m_layout.flags_form) == form)
        return;
    put<uint32_t>(m_layout.flags_form, form);
    m_context.restore();
}

uint32_t UnicornState::flags_form() const
{
    return get<uint32_t>(m_layout.flags_form);
}

uint32_t UnicornState::error_code() const
{
    return get<uint32_t>(m_layout.error_code);
}

bool UnicornState::raised_by_int_instruction() const
{
    return get<uint32_t>(m_layout.error_code + 4) != 0;
}

UnicornState::Blocking UnicornState::blocking()
{
    m_context.save();
    return { (get<uint32_t>(m_layout.hidden_flags) & hidden::interrupt_shadow) != 0,
        (get<uint32_t>(m_layout.hidden_flags + 4) & hidden2_nmi_blocked) != 0 };
}

}
