// The ways in which every guest is run: each strategy of this program, with each clock that it has, recording or not.
#pragma once

#include "core/machine/strategy.hpp"
#include "core/session/settings.hpp"

#include <string>
#include <vector>

namespace ringside::test {

struct Variant {
    std::string strategy;
    ClockKind clock = ClockKind::Host;
    bool recording = false;
    GuestKind guest = GuestKind::Unmodified;

    std::string name() const;
    SessionConfiguration configure() const;
};

// Of the strategies that can run guests here. Those that cannot are named on standard output, once, with the reason.
std::vector<Variant> variants();
// Of those that run guests of this kind.
std::vector<Variant> variants(GuestKind guest);

// Says on standard output what is done differently and why, each thing once.
void tell_once(std::string_view what, std::string_view reason);

}
