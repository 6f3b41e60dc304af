// The blocks whose last instruction may let interrupts in: STI, POPF and IRET. All of them leave to Unicorn's loop, because
// what comes next depends on what they did. While an interrupt waits, each of these ways out has a breakpoint.
#pragma once

#include "strategies/emulation/translated_code.hpp"

#include <cstdint>
#include <unordered_set>
#include <vector>

namespace ringside {

class Openings {
public:
    explicit Openings(const TranslatedCode& code)
        : m_code(code)
    {
    }

    // The block at linear address `guest`, translated just now, is one.
    void note(uint32_t guest) { m_noted.insert(guest); }

    // Breakpoints at all of them that there are now. They may stay while the guest does not run.
    void set();

    bool any_set() const { return m_is_set; }

    // In a signal handler, too.
    bool is_set(uintptr_t address) const;
    void remove();

private:
    struct WayOut {
        TranslatedCode::Block block {};
        uintptr_t jump = 0;
    };
    void find_new();
    void replace(uint8_t before, uint8_t after);
    bool is_there(const TranslatedCode::Block& block) const;

    const TranslatedCode& m_code;
    std::unordered_set<uint32_t> m_noted;
    TranslatedCode::Block m_last {}; // up to which blocks have been looked through
    std::vector<WayOut> m_ways_out;
    bool m_is_set = false;
};

}
