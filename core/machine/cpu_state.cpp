#include "core/machine/cpu_state.hpp"

namespace ringside {

CpuState multiboot_entry_state(uint32_t entry, uint32_t information_address)
{
    constexpr uint32_t multiboot_magic = 0x2BADB002;
    constexpr Segment flat_code { 0x08, 0xC09B, 0, 0xFFFFFFFF };
    constexpr Segment flat_data { 0x10, 0xC093, 0, 0xFFFFFFFF };

    CpuState state;
    state.gpr[Eax] = multiboot_magic;
    state.gpr[Ebx] = information_address;
    state.eip = entry;
    state.segments.fill(flat_data);
    state.segment(Cs) = flat_code;
    state.ldtr = { 0, 0x82, 0, 0xFFFF };
    state.tr = { 0, 0x8B, 0, 0xFFFF };
    // No GDT and no IDT that a kernel could use: it must load its own before it loads a segment or takes an exception.
    state.gdtr = { 0, 0 };
    state.idtr = { 0, 0 };
    state.cr0 = cr0::pe | cr0::et;
    // FNINIT and the power-on MXCSR (SDM 1 §8.1.5, §10.2.3).
    state.fxsave[0] = std::byte { 0x7F };
    state.fxsave[1] = std::byte { 0x03 };
    state.fxsave[24] = std::byte { 0x80 };
    state.fxsave[25] = std::byte { 0x1F };
    return state;
}

std::string_view exception_name(unsigned vector)
{
    static constexpr std::array<std::string_view, 20> names { "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM",
        "#DF", "#9", "#TS", "#NP", "#SS", "#GP", "#PF", "#15", "#MF", "#AC", "#MC", "#XM" };
    return vector < names.size() ? names[vector] : "interrupt";
}

}
