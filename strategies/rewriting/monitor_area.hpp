// The part of the window that belongs to the monitor: where translated code lies, and what it works with. 32-bit code can
// reach nothing else, so it must be below 4 GiB, among the guest's addresses: at their end, where the guest's segments are
// cut off (as VMware's monitor did; Adams & Agesen 2006, section 3). What the guest has there itself is reached by
// emulation. The monitor has a second mapping of all of it, above 4 GiB, where it may write.
//
//   +0x0000000  gate          64-bit code: the way to the monitor                       read, execute
//   +0x0001000  slots         where translated code puts registers down for a moment    read, write
//   +0x0002000  virtual state the guest's privileged state, as translated code needs it read, write in ring 0
//   +0x0003000  constants     tables of the inline sequences                            read
//   +0x0006000  records       what inline segment loads and changes of ring rest on     read
//   +0x0040000  entry tables  ring 0, ring 3: where indirect branches go                read
//   +0x0100000  code          of ring 0                                                 read, execute; not while ring 3 runs
//   +0x1000000  code          of ring 3                                                 read, execute
//
// What lies in the slots and in the virtual state the guest may have written, a moment ago: nothing there is believed.
// Translated code reaches it through GS, whose selector is the host's flat one; the guest's own GS is played by FS.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/result.hpp"
#include "strategies/rewriting/inline_layout.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace ringside::rewriting {

// Registers put down, in the slots page.
struct Slots {
    uint32_t ecx = 0;
    uint32_t edx = 0;
    uint32_t target = 0; // guest address of an indirect branch
    uint32_t site = 0;   // which place of which block calls the monitor
    uint32_t code = 0;   // an intermediate value: of POPF and changes of ring IF, of segment loads the selector, of LGDT the limit, of RDTSC a part
    uint32_t real = 0;   // of a segment load the host's selector, of LGDT the base, of RDTSC a part
    uint32_t esp = 0;    // the stack that a change of ring leaves ...
    uint32_t user_esp = 0; // ... and the one that IRET goes to
    uint32_t crossings = 0; // system calls that the monitor did not see
    uint32_t eax = 0;
};

// IF in a form that tables can be indexed with.
enum InterruptCode : uint32_t { interrupts_off = 1, interrupts_on = 2 };

struct VirtualState {
    uint32_t interrupts = interrupts_off; // enum InterruptCode
    // By InterruptCode: 0 if the guest must not go on by itself with this IF, because an interrupt waits.
    uint32_t may_go_on[3] = { 0, 1, 1 };
    // The same for POPF, which also is for the monitor while IOPL is not 0: translated code leaves it as it is.
    uint32_t may_pop[3] = { 0, 1, 1 };
    // By InterruptCode: what to add to the flags that PUSHF really stores.
    uint32_t flags_difference[3] = {};
    uint32_t control[5] = {};   // CR0 to CR4
    uint32_t selectors[6] = {}; // as the guest believes, in the order of enum SegmentRegister
    uint32_t table_bases[2] = {}; // of GDT and IDT
    uint32_t table_limits[2] = {};
    uint32_t records_valid = 0; // 0: since the monitor wrote its records the guest has loaded GDTR or IDTR
    uint16_t real_fs = 0;       // real selectors, while the guest's own FS is in FS ...
    uint16_t real_gs = 0;       // ... and while FS plays the guest's GS
};

// In the constants: by the second byte of the flags that POPF is about to load, in ring 0. 0: not inline (TF, IOPL or NT is
// set); else the InterruptCode.
inline constexpr uint32_t popf_code_count = 256;
// The same for IRET's third byte: 0: not inline (RF, VM, VIF or VIP is set).
inline constexpr uint32_t high_flag_code_count = 256;

// Which half of the area: rings 1 and 2 are not translated.
enum class CodeRing : uint8_t { Ring0, Ring3 };

class MonitorArea {
public:
    static constexpr uint32_t bytes = 32u << 20;
    static constexpr uint32_t entries = 1u << 16; // of an entry table, by the low 16 bits of the guest's address

    static constexpr uint32_t base = 0u - bytes;
    static constexpr uint32_t segment_records = 6000;
    static constexpr uint32_t cpuid_records = 128;
    static constexpr uint32_t selectors = 1u << 16;

    static Result<MonitorArea> create();
    MonitorArea(MonitorArea&&) noexcept;
    MonitorArea& operator=(MonitorArea&&) = delete;
    MonitorArea(const MonitorArea&) = delete;
    ~MonitorArea();

    // Addresses for 32-bit code.
    uint32_t gate() const { return base; }
    uint32_t slot(std::size_t offset) const { return base + slots_at + static_cast<uint32_t>(offset); }
    uint32_t state(std::size_t offset) const { return base + state_at + static_cast<uint32_t>(offset); }
    uint32_t popf_codes() const { return base + constants_at; }
    uint32_t high_flag_codes() const { return base + constants_at + popf_code_count; }
    uint32_t crossing(std::size_t offset) const { return base + crossing_at + static_cast<uint32_t>(offset); }
    uint32_t vector(uint8_t number, std::size_t offset) const
    {
        return base + vectors_at + static_cast<uint32_t>(number * sizeof(VectorRecord) + offset);
    }
    uint32_t zero() const { return base + segments_at - 8; } // eight bytes of it
    uint32_t system(std::size_t offset) const { return base + system_at + static_cast<uint32_t>(offset); }
    uint32_t answer(uint16_t record, std::size_t offset) const
    {
        return base + answers_at + static_cast<uint32_t>(record * sizeof(CpuidRecord) + offset);
    }
    uint32_t safe_selectors() const { return base + safe_selectors_at; }
    uint32_t segment(uint16_t record, std::size_t offset) const
    {
        return base + segments_at + static_cast<uint32_t>(record * sizeof(SegmentRecord) + offset);
    }
    uint32_t entry_table(CodeRing ring) const { return base + tables_at + (ring == CodeRing::Ring3 ? table_bytes : 0); }
    uint32_t code_begin(CodeRing ring) const { return base + (ring == CodeRing::Ring3 ? ring_3_at : ring_0_at); }
    uint64_t code_end(CodeRing ring) const { return uint64_t { base } + (ring == CodeRing::Ring3 ? bytes : ring_3_at); }

    int descriptor() const { return m_file; }

    // The monitor's own view.
    volatile Slots& slots() const { return *reinterpret_cast<volatile Slots*>(m_ours + slots_at); }
    volatile VirtualState& state() const { return *reinterpret_cast<volatile VirtualState*>(m_ours + state_at); }
    std::span<uint32_t> entry_table_of(CodeRing ring) const
    {
        return { reinterpret_cast<uint32_t*>(m_ours + (entry_table(ring) - base)), entries };
    }
    volatile CrossingRecord& crossing() const { return *reinterpret_cast<volatile CrossingRecord*>(m_ours + crossing_at); }
    volatile VectorRecord& vector(uint8_t number) const
    {
        return reinterpret_cast<volatile VectorRecord*>(m_ours + vectors_at)[number];
    }
    std::span<uint8_t, selectors> safe_selector_table() const
    {
        return std::span<uint8_t, selectors> { reinterpret_cast<uint8_t*>(m_ours + safe_selectors_at), selectors };
    }
    volatile SegmentRecord& segment(uint16_t record) const
    {
        return reinterpret_cast<volatile SegmentRecord*>(m_ours + segments_at)[record];
    }
    volatile SystemRecord& system() const { return *reinterpret_cast<volatile SystemRecord*>(m_ours + system_at); }
    volatile CpuidRecord& answer(uint16_t record) const
    {
        return reinterpret_cast<volatile CpuidRecord*>(m_ours + answers_at)[record];
    }
    // The byte that 32-bit code sees at `address`.
    uint8_t* writable(uint32_t address) const { return reinterpret_cast<uint8_t*>(m_ours + (address - base)); }

    // Maps all of it into the window, which is reserved, and gives its place back.
    void attach();
    void detach();

    // While ring 3 runs with segments that reach here: what only ring 0 may use, or everything.
    enum class Hidden : uint8_t { None, Ring0, All };
    void conceal(Hidden hidden);
    void reveal() { conceal(Hidden::None); }

private:
    static constexpr uint32_t slots_at = 0x1000, state_at = 0x2000, constants_at = 0x3000, tables_at = 0x40000;
    static constexpr uint32_t system_at = 0x3400, crossing_at = 0x3800, answers_at = 0x3F200;
    static constexpr uint32_t vectors_at = 0x4000, safe_selectors_at = 0x6000, segments_at = 0x16010;
    static constexpr uint32_t table_bytes = entries * sizeof(uint32_t);
    static constexpr uint32_t ring_0_at = 0x100000, ring_3_at = 0x1000000;
    static_assert(tables_at + 2 * table_bytes <= ring_0_at);
    static_assert(crossing_at + sizeof(CrossingRecord) <= vectors_at);
    static_assert(vectors_at + 256 * sizeof(VectorRecord) <= safe_selectors_at);
    static_assert(segments_at + segment_records * sizeof(SegmentRecord) <= answers_at);
    static_assert(answers_at + cpuid_records * sizeof(CpuidRecord) <= tables_at);

    struct Part;
    static std::span<const Part> parts();

    MonitorArea() = default;
    int m_file = -1;
    std::byte* m_ours = nullptr;
    bool m_attached = false;
    Hidden m_hidden = Hidden::None;
};

}
