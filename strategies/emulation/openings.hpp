// The blocks whose last instruction may let interrupts in: STI, POPF and IRET. All of them leave to Unicorn's loop, because
// what comes next depends on what they did. While an interrupt waits, each of these ways out has a breakpoint.
//
// Those of IRET can be led through a detour (detour.hpp). Everything else about the block stays as it is.
#pragma once

#include "strategies/emulation/translated_code.hpp"

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace ringside {

class Openings {
public:
    explicit Openings(const TranslatedCode& code)
        : m_code(code)
    {
    }

    // The block at linear address `guest`, translated just now, is one. Its last instruction may be IRET.
    void note(uint32_t guest, bool is_return);

    // All returns that there are, and those that are noted from now on, lead to `target`: a detour, or plain_return().
    void lead_returns(uintptr_t target);

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
        bool is_return = false;
    };
    void find_new();
    void lead(const WayOut& way_out);
    void replace(uint8_t before, uint8_t after);
    bool is_there(const TranslatedCode::Block& block) const;

    const TranslatedCode& m_code;
    std::unordered_map<uint32_t, bool> m_noted; // is it a return?
    TranslatedCode::Block m_last {}; // up to which blocks have been looked through
    std::vector<WayOut> m_ways_out;
    uintptr_t m_returns_lead_to = 0; // 0: nobody has changed that
    bool m_is_set = false;
};

}
