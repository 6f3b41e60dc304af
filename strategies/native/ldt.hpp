// The guest's segments, as the host CPU gets them: descriptors in this process's local descriptor table, which
// modify_ldt(2) writes. A slot is made for what a segment register holds (base, limit, type), not for a selector of the
// guest's tables: the guest's tables may change, its segment registers keep what was loaded (SDM 3A §3.4.3).
//
// The guest can read the selectors of these slots (MOV from a segment register does not trap) and load them again. So
// each slot also remembers what the guest believes to have loaded.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/result.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace ringside {

class Ldt {
public:
    Ldt();
    ~Ldt();
    Ldt(const Ldt&) = delete;
    Ldt& operator=(const Ldt&) = delete;

    static Result<void> probe(); // whether the host allows it

    // The selector with which the host CPU has what `segment` holds, but for addresses from `end` on. 0, the null
    // selector, if there is none: for a null or an absent segment, one that lies behind `end`, or an expand-down
    // segment that would have to be cut at the top.
    uint16_t selector_for(const Segment& segment, uint64_t end);

    // Changes when a slot is given to another segment: selectors got before may mean something else.
    uint32_t generation() const { return m_generation; }

    // What the guest loaded when it was given `selector`; nothing if that is none of ours.
    std::optional<Segment> guest_segment(uint16_t selector) const;

    // Makes the table what was written here, if another one of these has written to it since: the guest may have kept
    // selectors of ours.
    void restore();

    // A slot with a fixed selector, for an ABI that names it. Not given to anything else.
    void reserve(uint16_t selector, const Segment& segment, uint64_t end);

private:
    static constexpr unsigned first_slot = 8; // those before it are for reserve()
    static constexpr unsigned slots = 64;

    struct Slot {
        bool used = false;
        uint32_t base = 0;
        uint32_t limit = 0;
        uint16_t attributes = 0;
        Segment guest {};
    };

    void write(unsigned index, const Segment& segment, uint32_t limit);

    static inline const Ldt* s_written_by = nullptr; // the process has one table

    std::array<Slot, slots> m_slots {};
    unsigned m_next = first_slot; // the slot to use next, round robin
    uint32_t m_generation = 0;
};

}
