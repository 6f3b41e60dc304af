// Runs cases on our side and on another one, keeps the memories of both alike, and collects what diverges.
#pragma once

#include "tests/differential/emulator_side.hpp"
#include "tests/differential/settings.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::test {

// Where the other side is known to differ from a processor, or cannot be compared. A divergence that one of these
// explains is counted, not reported.
struct Exclusion {
    std::string_view reason;
    bool (*applies)(const Case&, const Instruction&, const Observed& ours, const Observed& theirs);
};

struct OtherSide {
    std::string name;
    GuestMemory& memory;
    std::function<Observed(const Case&)> run;
    std::function<void()> memory_changed = [] { }; // by the comparer, in the tables
    std::function<void()> code_reused = [] { };    // addresses get new code
    std::span<const Exclusion> exclusions {};
};

class Comparer {
public:
    Comparer(uint64_t seed, EmulatorSide& ours, OtherSide theirs);

    // `cases` of each form in each setting.
    void run(const std::vector<Setting>& settings, const std::vector<Form>& forms, uint64_t cases);

    uint64_t compared() const { return m_compared; }
    uint64_t diverged() const { return m_diverged; }
    // The first divergences, with both states, and how often each exclusion was needed.
    std::string report() const;

private:
    void check(const Case& tested, const Setting& setting);
    uint32_t next_code();
    void copy_ours();

    uint64_t m_seed;
    EmulatorSide& m_ours;
    OtherSide m_theirs;
    uint32_t m_code;
    uint64_t m_compared = 0, m_diverged = 0;
    std::string m_divergences;
    std::map<std::string_view, uint64_t> m_excluded;
};

// RINGSIDE_SEED and RINGSIDE_CASES choose another run than the usual one.
uint64_t chosen_seed();
uint64_t chosen_cases(uint64_t usual);

}
