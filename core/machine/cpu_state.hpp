// CpuState: everything architectural about the one vCPU (SDM 3A §2.1), in one plain struct that any strategy can
// load and save at an instruction boundary. What is not here (caches, TLBs, translated code) may be dropped at any time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ringside {

// In the order of the instruction encoding (SDM 2A table 3-1).
enum Gpr : unsigned { Eax, Ecx, Edx, Ebx, Esp, Ebp, Esi, Edi };
enum SegmentRegister : unsigned { Es, Cs, Ss, Ds, Fs, Gs };

// A segment register with its hidden part (SDM 3A §3.4.3).
//
//   attributes, as in bits 40..55 of a descriptor with the limit bits left out (SDM 3A figure 3-8):
//     15 14 13 12 | 11..8 | 7 | 6 5 | 4 | 3..0
//      G D/B L AVL|   0   | P | DPL | S | type
struct Segment {
    uint16_t selector = 0;
    uint16_t attributes = 0;
    uint32_t base = 0;
    uint32_t limit = 0; // last valid offset, in bytes: granularity already applied

    static constexpr uint16_t present = 1 << 7;
    static constexpr uint16_t code_or_data = 1 << 4;
    static constexpr uint16_t default_big = 1 << 14;

    constexpr unsigned type() const { return attributes & 0xF; }
    constexpr unsigned dpl() const { return (attributes >> 5) & 3; }
    constexpr bool is_present() const { return attributes & present; }
    constexpr bool is_big() const { return attributes & default_big; }
    // All of 4 GiB, 32 bits wide.
    constexpr bool is_flat() const { return is_present() && base == 0 && limit == 0xFFFFFFFF && is_big(); }
    bool operator==(const Segment&) const = default;
};

struct DescriptorTable {
    uint32_t base = 0;
    uint16_t limit = 0;
    bool operator==(const DescriptorTable&) const = default;
};

namespace eflags {
inline constexpr uint32_t cf = 1 << 0, fixed = 1 << 1, pf = 1 << 2, af = 1 << 4, zf = 1 << 6, sf = 1 << 7, tf = 1 << 8,
                          if_ = 1 << 9, df = 1 << 10, of = 1 << 11, iopl = 3 << 12, nt = 1 << 14, rf = 1 << 16,
                          vm = 1 << 17, ac = 1 << 18, vif = 1 << 19, vip = 1 << 20, id = 1 << 21;
}
namespace cr0 {
inline constexpr uint32_t pe = 1u << 0, mp = 1u << 1, em = 1u << 2, ts = 1u << 3, et = 1u << 4, ne = 1u << 5,
                          wp = 1u << 16, am = 1u << 18, nw = 1u << 29, cd = 1u << 30, pg = 1u << 31;
}
namespace cr4 {
inline constexpr uint32_t vme = 1 << 0, pvi = 1 << 1, tsd = 1 << 2, de = 1 << 3, pse = 1 << 4, pae = 1 << 5,
                          mce = 1 << 6, pge = 1 << 7, pce = 1 << 8, osfxsr = 1 << 9, osxmmexcpt = 1 << 10;
}

// The exceptions of SDM 3A table 6-1.
enum Vector : uint8_t {
    DE = 0, DB = 1, NMI = 2, BP = 3, OF = 4, BR = 5, UD = 6, NM = 7, DF = 8, TS = 10, NP = 11, SS = 12, GP = 13,
    PF = 14, MF = 16, AC = 17, MC = 18, XM = 19,
};

// The model-specific registers that the platform has (SDM 4). The time-stamp counter belongs to the clock.
struct Msrs {
    uint32_t sysenter_cs = 0;
    uint32_t sysenter_esp = 0;
    uint32_t sysenter_eip = 0;
    uint64_t apic_base = 0xFEE00900; // enabled, bootstrap processor (SDM 3A figure 10-5)
    uint64_t pat = 0x0007040600070406;
    uint64_t efer = 0;
    bool operator==(const Msrs&) const = default;
};

struct CpuState {
    std::array<uint32_t, 8> gpr {};
    uint32_t eip = 0;
    uint32_t eflags = ringside::eflags::fixed;
    std::array<Segment, 6> segments {};
    Segment ldtr {};
    Segment tr {};
    DescriptorTable gdtr {};
    DescriptorTable idtr {};
    uint32_t cr0 = ringside::cr0::et;
    uint32_t cr2 = 0;
    uint32_t cr3 = 0;
    uint32_t cr4 = 0;
    std::array<uint32_t, 8> dr { 0, 0, 0, 0, 0, 0, 0xFFFF0FF0, 0x400 };
    Msrs msrs {};
    alignas(16) std::array<std::byte, 512> fxsave {}; // the image that FXSAVE stores (SDM 1 table 10-2)
    bool interrupt_shadow = false;                    // the instruction after STI or MOV SS (SDM 3A §6.8.3)
    bool nmi_blocked = false;                         // until the next IRET (SDM 3A §6.7.1)
    bool halted = false;                              // after HLT, until an interrupt

    Segment& segment(SegmentRegister which) { return segments[which]; }
    const Segment& segment(SegmentRegister which) const { return segments[which]; }

    bool protected_mode() const { return cr0 & ringside::cr0::pe; }
    bool virtual_8086() const { return protected_mode() && (eflags & ringside::eflags::vm); }
    // The virtual ring: 0 in real mode, 3 in virtual-8086 mode, else the DPL of the stack segment, which is the CPL
    // (SDM 3A §5.5 keeps CS.RPL and SS.DPL equal).
    unsigned cpl() const
    {
        if (!protected_mode())
            return 0;
        return virtual_8086() ? 3 : segments[Ss].dpl();
    }
    unsigned iopl() const { return (eflags >> 12) & 3; }
    bool operator==(const CpuState&) const = default;
};

// The state in which a Multiboot loader enters a kernel (Multiboot 0.6.96 §3.2), at `entry`, with EAX and EBX set.
CpuState multiboot_entry_state(uint32_t entry, uint32_t information_address);

// "#PF", "#GP", ... or "#n" for a vector without a name.
std::string_view exception_name(unsigned vector);

}
