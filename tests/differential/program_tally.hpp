// What became of many programs that were run twice.
#pragma once

#include "tests/differential/program_side.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace ringside::test {

class Tally {
public:
    // `why`: what explains the differences, if there are any; null if nothing does.
    void add(const Program& program, const ProgramOutcome& emulated, const std::string& differences, const char* why);
    void print() const;

    uint64_t events() const { return m_events; }
    uint64_t different() const { return m_different; }
    uint64_t explained() const;

private:
    uint64_t m_events = 0, m_triple_faults = 0, m_different = 0;
    std::map<std::string, uint64_t> m_explained; // how often by each explanation
};

}
