// The strategies that one run may use, and which of them has the guest. All are created before the guest's first instruction
// and kept to the end: a worker that is confined cannot create one any more, and a change costs no set-up
// (docs/decisions/0011).
#pragma once

#include "core/machine/clock.hpp"
#include "core/machine/strategy.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace ringside {

class StrategySet {
public:
    // Whether these can run one guest in turns, each under this clock, on this host: Usage or Unavailable errors.
    static Result<void> check(std::span<const StrategyEntry* const> entries, ClockKind clock);

    // Once; the first entry is the one that begins, an entry named twice is one. What create() says goes through.
    Result<void> create(std::span<const StrategyEntry* const> entries, Engine& engine);
    bool created() const { return m_current.load() != nullptr; }

    // From any thread once created.
    std::span<const StrategyEntry* const> entries() const { return m_entries; }
    const StrategyEntry& entry() const { return *m_current.load()->entry; } // of the strategy that has the guest
    Strategy& strategy() const { return *m_current.load()->strategy; }
    std::vector<StrategyFile> files() const; // of all of them
    // Asks for a change; of several requests the last counts. False if `entry` is not in the set.
    bool request(const StrategyEntry& entry);
    bool requested() const { return m_requested.load() != nullptr; }

    // On the vCPU's thread, while the strategy does not run: carries a request out. The state goes from one to the other as
    // save() gives it. Nothing if there was no request, or one for the strategy that has the guest.
    struct Change {
        const StrategyEntry& from;
        CpuState state;
    };
    std::optional<Change> change();

private:
    struct Member {
        const StrategyEntry* entry = nullptr;
        std::unique_ptr<Strategy> strategy;
    };

    std::vector<const StrategyEntry*> m_entries; // in the order of m_members
    std::vector<Member> m_members;
    std::atomic<const Member*> m_current { nullptr };
    std::atomic<const Member*> m_requested { nullptr };
};

}
