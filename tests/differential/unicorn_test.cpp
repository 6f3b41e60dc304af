// The instruction emulator against Unicorn: the same instruction on the same state and memory must have the same outcome.
//
// RINGSIDE_SEED and RINGSIDE_CASES (cases a form and setting) choose another run; [long] is a longer one.
//
// Not generated: task switches, which Unicorn makes in its own way (docs/CAVEATS.md); IN, OUT, RDTSC, RDMSR, CPUID, MOV to
// CR4 and debug registers, which belong to the engine and are tested by hand.
#include "tests/differential/comparer.hpp"
#include "tests/differential/unicorn_side.hpp"

#include <cstdio>

using namespace ringside;
using namespace ringside::test;

namespace {

bool is(const Instruction& instruction, std::initializer_list<ZydisMnemonic> mnemonics)
{
    return std::find(mnemonics.begin(), mnemonics.end(), instruction.info.mnemonic) != mnemonics.end();
}

bool both_page_faults(const Observed& ours, const Observed& theirs)
{
    return ours.fault.vector == PF && theirs.fault.vector == PF;
}

// What Unicorn 2.1.1 is known to do otherwise than a processor.
constexpr Exclusion exclusions[] {
    { "stores through CS are not refused in protected mode",
        [](const Case& tested, const Instruction& instruction, const Observed& ours, const Observed&) {
            return tested.state.protected_mode() && (instruction.info.attributes & ZYDIS_ATTRIB_HAS_SEGMENT_CS)
                && ours.what == Observed::What::Faulted && ours.fault == fault_with_code(GP, 0);
        } },
    { "LOCK NEG leaves other flags than NEG",
        [](const Case&, const Instruction& instruction, const Observed&, const Observed&) {
            return is(instruction, { ZYDIS_MNEMONIC_NEG }) && (instruction.info.attributes & ZYDIS_ATTRIB_HAS_LOCK);
        } },
    { "a page fault of an instruction that reads and writes is reported as one of a read",
        [](const Case&, const Instruction&, const Observed& ours, const Observed& theirs) {
            return both_page_faults(ours, theirs) && ours.fault.address == theirs.fault.address
                && ours.fault.error_code == (theirs.fault.error_code | page_fault_error::write);
        } },
    { "PUSHA begins at the lower end of its frame",
        [](const Case&, const Instruction& instruction, const Observed& ours, const Observed& theirs) {
            return is(instruction, { ZYDIS_MNEMONIC_PUSHA, ZYDIS_MNEMONIC_PUSHAD }) && both_page_faults(ours, theirs);
        } },
    { "CMPS looks at ES:EDI first",
        [](const Case&, const Instruction& instruction, const Observed& ours, const Observed& theirs) {
            return is(instruction, { ZYDIS_MNEMONIC_CMPSB, ZYDIS_MNEMONIC_CMPSW, ZYDIS_MNEMONIC_CMPSD })
                && both_page_faults(ours, theirs);
        } },
    { "a load of SS does not always begin an interrupt shadow",
        [](const Case&, const Instruction& instruction, const Observed& ours, const Observed&) {
            return is(instruction, { ZYDIS_MNEMONIC_POP, ZYDIS_MNEMONIC_MOV }) && ours.state.interrupt_shadow;
        } },
    { "LTR of a null selector is no fault",
        [](const Case&, const Instruction& instruction, const Observed& ours, const Observed&) {
            return is(instruction, { ZYDIS_MNEMONIC_LTR }) && ours.what == Observed::What::Faulted
                && ours.fault == fault_with_code(GP, 0);
        } },
    { "a null LDTR looks like a table of no length",
        [](const Case&, const Instruction& instruction, const Observed& ours, const Observed&) {
            return is(instruction, { ZYDIS_MNEMONIC_LLDT }) && ours.state.ldtr.selector < 4;
        } },
    { "a call gate to conforming code gives CS the RPL of that code, not the CPL",
        [](const Case&, const Instruction& instruction, const Observed& ours, const Observed&) {
            constexpr unsigned conforming_code = 0xC;
            return is(instruction, { ZYDIS_MNEMONIC_CALL })
                && (ours.state.segment(Cs).type() & conforming_code) == conforming_code;
        } },
};

void compare(const std::vector<Setting>& settings, const std::vector<Form>& forms, uint64_t usual_cases)
{
    uint64_t cases = chosen_cases(usual_cases);
    EmulatorSide ours;
    UnicornSide theirs;
    Comparer comparer(chosen_seed(), ours,
        { .name = "Unicorn",
            .memory = theirs.memory(),
            .run = [&](const Case& tested) { return theirs.run(tested); },
            .memory_changed = [&] { theirs.forget_pages(); },
            .code_reused = [&] { theirs.forget_code(); },
            .exclusions = exclusions });
    comparer.run(settings, forms, cases);
    std::fputs(comparer.report().c_str(), stdout);
    CHECK(comparer.compared() == settings.size() * forms.size() * cases);
    CHECK(comparer.diverged() == 0);
}

}

TEST_CASE("Ordinary instructions do what they do under Unicorn", "[differential]")
{
    compare(ordinary_settings(), ordinary_forms(), 20);
}

TEST_CASE("Instructions fault on pages as they do under Unicorn, and set accessed and dirty flags", "[differential]")
{
    // Unicorn looks up in the page tables where it is to stop, so that branches would leave other accessed flags.
    compare(paged_settings(), forms_without_branches(), 20);
}

TEST_CASE("System instructions do what they do under Unicorn", "[differential]")
{
    compare(system_settings(), system_forms(), 100);
}

TEST_CASE("Two million instructions do what they do under Unicorn", "[.long]")
{
    compare(ordinary_settings(), ordinary_forms(), 600);
    compare(paged_settings(), forms_without_branches(), 400);
    compare(system_settings(), system_forms(), 1000);
}
