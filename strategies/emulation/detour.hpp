// A few instructions of the host through which ways out of blocks can be led: they call a function, and go on to where the
// way out led before. Nothing is lost by the call: at a way out all of the guest's state is in memory.
//
// They lie in a page of their own, near enough to Unicorn's buffer for a direct jump. It is made before a worker is
// confined, which makes no code pages afterwards.
#pragma once

#include <cstdint>

namespace ringside {

class Detour {
public:
    using Function = void (*)(void* object);

    // Goes on to `onward`, which lies in the buffer that ends at `end`.
    Detour(uintptr_t onward, uintptr_t end, Function function, void* object);
    ~Detour();
    Detour(const Detour&) = delete;
    Detour& operator=(const Detour&) = delete;

    // 0 where the host has no room for the page, or is not x86-64.
    uintptr_t address() const { return m_address; }

private:
    uintptr_t m_address = 0;
};

}
