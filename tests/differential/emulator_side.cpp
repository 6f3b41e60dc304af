#include "tests/differential/emulator_side.hpp"

#include <algorithm>
#include <cstring>

namespace ringside::test {

namespace {

Observed::What what_of(const Emulated& result)
{
    switch (result.outcome) {
    case Emulated::Outcome::Done:
        return Observed::What::Ran;
    case Emulated::Outcome::Fault:
        return Observed::What::Faulted;
    case Emulated::Outcome::Halted:
        return Observed::What::Halted;
    case Emulated::Outcome::SoftwareInterrupt:
        return Observed::What::SoftwareInterrupt;
    case Emulated::Outcome::Unsupported:
        break;
    }
    return Observed::What::NotKnown;
}

}

Observed EmulatorSide::run(const Case& tested)
{
    m_guest.state = tested.state;
    Emulated result;
    do { // a long REP comes back in between
        result = m_guest.step();
    } while (result.outcome == Emulated::Outcome::Done && m_guest.state.eip == tested.state.eip);
    Observed observed { what_of(result), result.fault, m_guest.state };
    if (observed.what == Observed::What::Faulted && result.fault.vector == PF)
        observed.state.cr2 = result.fault.address; // delivery does that
    return observed;
}

void place(GuestMemory& memory, const Case& tested)
{
    for (const auto& patch : tested.patches) {
        if (auto target = memory.bytes(Gpa { patch.address }, patch.bytes); !target.empty())
            std::memcpy(target.data(), &patch.value, patch.bytes);
    }
    constexpr uint32_t slot = 64;
    auto code = memory.bytes(Gpa { tested.linear() }, slot);
    std::fill(code.begin(), code.end(), std::byte { 0xCC });
    std::memcpy(code.data(), tested.bytes.data(), tested.bytes.size());
}

}
