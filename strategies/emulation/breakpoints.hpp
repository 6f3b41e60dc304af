// Breakpoints in Unicorn's translated code, as a debugger sets them: the first byte of an instruction becomes INT3, which
// raises SIGTRAP. Set and removed by the thread that runs the code; everything here may be used in a signal handler.
#pragma once

#include "strategies/emulation/translated_code.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace ringside {

class Breakpoints {
public:
    explicit Breakpoints(const TranslatedCode& code)
        : m_code(code)
    {
    }

    void set(uintptr_t address);
    void set_at_exits_of(const TranslatedCode::Block& block);
    bool any() const { return m_count != 0; }
    bool is_set(uintptr_t address) const;

    // A block's code stays where it is until Unicorn's buffer is full and begins anew. Then another block may lie there,
    // and it is left alone.
    void remove_all();

private:
    struct Breakpoint {
        uintptr_t address = 0;
        uint8_t replaced = 0;
    };

    const TranslatedCode& m_code;
    TranslatedCode::Block m_block {}; // whose exits are among them
    std::array<Breakpoint, TranslatedCode::most_exits + 2> m_set {};
    std::size_t m_count = 0;
};

}
