// How ring 3 is kept out of the pages of ring 0 above the boundary, although both really run in ring 3.
//
//   Truncated  ring 3's segments end at the boundary: free to begin and to end, but CPUs compute addresses of segments that
//              are not flat more slowly (code full of stores: up to 1.8 times on the AMD EPYC where it was measured)
//   Concealed  the pages lose their rights: full speed, but some tens of microseconds to begin and as many to end
//
// Which is better depends on how long ring 3 stays, which is guessed from how long it stayed last time
// (docs/decisions/0010).
#pragma once

#include <cstdint>

namespace ringside {

class RingSeparation {
public:
    enum class Method : uint8_t { Truncated, Concealed };

    explicit RingSeparation(uint64_t ticks_per_second);

    // Ring 3 runs from `now` on, or still does; the method to use. Ticks of the time-stamp counter.
    Method in_ring_3(uint64_t now);
    // What in_ring_3() said has been done; the stay is counted from `now` on, so that the time this took does not count.
    void done(uint64_t now) { m_entered = now; }
    // Ring 0 runs, and did not before if in_ring_3() was called since.
    void in_ring_0(uint64_t now);
    // Ring 3 was left and entered again meanwhile, unseen.
    void begin_again() { m_entered = 0, m_stayed_long = false; }
    bool stays_long() const { return m_stayed_long; }
    bool is_in_ring_3() const { return m_entered != 0; }

private:
    uint64_t m_long_stay;     // ticks: a stay that is longer is worth concealing for
    uint64_t m_entered = 0;   // 0: in ring 0
    bool m_stayed_long = false;
};

}
