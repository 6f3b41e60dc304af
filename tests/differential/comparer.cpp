#include "tests/differential/comparer.hpp"

#include "tests/differential/undefined_flags.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <iterator>

namespace ringside::test {

namespace {

constexpr uint32_t code_begin = 0x100000, code_end = 0x3F0000, code_slot = 64;
constexpr uint64_t divergences_told = 3;

uint64_t number_from(const char* variable, uint64_t otherwise)
{
    const char* text = std::getenv(variable);
    return text ? std::strtoull(text, nullptr, 0) : otherwise;
}

std::span<std::byte> window(GuestMemory& memory)
{
    return memory.bytes(Gpa { 0 }, tables_end);
}

// Zeros if the bytes are no instruction.
Instruction decoded(const Case& tested)
{
    std::array<uint8_t, longest_instruction> padded {};
    std::copy(tested.bytes.begin(), tested.bytes.end(), padded.begin());
    Instruction instruction {};
    if (!decode_bytes(tested.state, padded, instruction))
        instruction = {};
    return instruction;
}

}

uint64_t chosen_seed()
{
    return number_from("RINGSIDE_SEED", 1);
}

uint64_t chosen_cases(uint64_t usual)
{
    return number_from("RINGSIDE_CASES", usual);
}

Comparer::Comparer(uint64_t seed, EmulatorSide& ours, OtherSide theirs)
    : m_seed(seed), m_ours(ours), m_theirs(std::move(theirs)), m_code(code_begin)
{
    std::mt19937_64 random(seed);
    for (auto& byte : m_ours.memory().bytes(Gpa { 0 }, data_window_end))
        byte = static_cast<std::byte>(random());
    place_tables(m_ours.memory());
    copy_ours();
}

void Comparer::run(const std::vector<Setting>& settings, const std::vector<Form>& forms, uint64_t cases)
{
    for (const auto& setting : settings) {
        CaseMaker maker(m_seed, setting);
        for (uint64_t i = 0; i < cases; ++i) {
            for (const auto& form : forms)
                check(maker.make(form, next_code()), setting);
        }
    }
}

uint32_t Comparer::next_code()
{
    m_code += code_slot;
    if (m_code >= code_end) {
        m_code = code_begin;
        m_theirs.code_reused();
    }
    return m_code;
}

void Comparer::copy_ours()
{
    std::memcpy(window(m_theirs.memory).data(), window(m_ours.memory()).data(), tables_end);
    m_theirs.memory_changed();
}

void Comparer::check(const Case& tested, const Setting& setting)
{
    place(m_ours.memory(), tested);
    place(m_theirs.memory, tested);
    Observed ours = m_ours.run(tested), theirs = m_theirs.run(tested);
    Instruction instruction = decoded(tested);
    Tolerance tolerance;
    tolerance.flags = undefined_flags(tested.state, instruction);
    tolerance.results = has_undefined_result(tested.state, instruction);
    std::string text = differences(ours, theirs, tolerance);
    if (!tolerance.results)
        text += memory_difference(window(m_ours.memory()), window(m_theirs.memory));
    ++m_compared;
    if (tolerance.results || !text.empty())
        copy_ours();
    if (text.empty())
        return;
    for (const auto& exclusion : m_theirs.exclusions) {
        if (exclusion.applies(tested, instruction, ours, theirs)) {
            ++m_excluded[exclusion.reason];
            return;
        }
    }
    if (++m_diverged <= divergences_told)
        m_divergences += fmt::format("{}: {}{}", setting.name, describe(tested, ours, theirs), text);
}

std::string Comparer::report() const
{
    auto text = fmt::format(
        "{} instructions compared with {}, seed {}: {} diverged\n", m_compared, m_theirs.name, m_seed, m_diverged);
    for (const auto& [reason, count] : m_excluded)
        fmt::format_to(std::back_inserter(text), "  excluded {} times: {}\n", count, reason);
    return text + m_divergences;
}

}
