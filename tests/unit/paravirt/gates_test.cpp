// The gates of the hypercall page with a real CPU in them: small guests without paging, kicked from another thread as
// often as it can, or single-stepping themselves.
#include "strategies/paravirt/paravirt_cpu.hpp"

#include "tests/unit/native/probing.hpp"
#include "tests/unit/paravirt/code.hpp"
#include "tests/unit/paravirt/paravirt_world.hpp"

#include <atomic>
#include <cstring>
#include <thread>

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr uint32_t kernel_at = 0x60000, entry_at = 0x61000, event_at = 0x62000, fault_at = 0x63000, debug_at = 0x64000,
                   program_at = 0x100000, kernel_stack = 0x50000, program_stack = 0x58000, traps_at = 0x40000,
                   trap_table_at = 0x41000, calls_at = 0x42000, events_at = 0x42004, steps_at = 0x42008,
                   result_at = 0x4200C, fault_count_at = 0x42010;
constexpr unsigned event_irq = 5;

struct GateWorld : ParavirtWorld {
    std::unique_ptr<paravirt::ParavirtCpu> cpu;
    unsigned kicks = 0;
    unsigned injections = 0;

    GateWorld()
    {
        auto window = Window::reserve();
        REQUIRE(window);
        cpu = std::make_unique<paravirt::ParavirtCpu>(engine, std::move(*window));
        REQUIRE(cpu->set_up());
    }

    void put_code(uint32_t at, const Code& code)
    {
        for (uint8_t byte : code.bytes())
            memory.write(Gpa { at++ }, byte);
    }
    void start(const CpuState& entry = multiboot_entry_state(kernel_at, 0)) { cpu->load(entry); }

    // As the machine does, until the guest halts. With `event_at_kick` an interrupt is asked for at every kick.
    Exit run_to_halt(bool event_at_kick)
    {
        for (;;) {
            Exit exit = cpu->run();
            if (exit.reason == Exit::Reason::Kicked) {
                ++kicks;
                if (event_at_kick)
                    platform->interrupt_input().set_line(event_irq, true);
            } else if (exit.reason == Exit::Reason::InterruptWindow) {
                auto vector = platform->acknowledge_interrupt();
                platform->interrupt_input().set_line(event_irq, false);
                if (vector && ++injections)
                    REQUIRE(cpu->inject(EventType::ExternalInterrupt, *vector).reason == Exit::Reason::Kicked);
            } else {
                return exit;
            }
        }
    }

    // A kernel that answers system calls with 2 * ESI + 1, counts events and single steps, and halts at #GP; a program
    // that makes `calls` system calls, checks each answer, and executes HLT.
    void put_system_call_guest(uint32_t calls, uint32_t program_flags)
    {
        std::array<pv_trap_entry, 3> traps { {
            { fault_at, GP, 0, 0, 0 },
            { event_at, PV_FIRST_EVENT_VECTOR + event_irq, 0, 0, 0 },
            { debug_at, DB, 0, 0, 0 },
        } };
        put(traps_at, traps);
        for (uint32_t counter : { calls_at, events_at, steps_at, result_at, fault_count_at })
            put(counter, 0u);
        put(trap_table_at, pv_trap_table { traps_at, 3 });

        Code kernel(kernel_at);
        kernel.mov(Esp, kernel_stack).hypercall(PV_SET_TRAP_TABLE, trap_table_at).store_eax(result_at);
        kernel.store(PV_SHARED_INFO + PV_INFO_KERNEL_STACK, kernel_stack);
        kernel.store(PV_SHARED_INFO + PV_INFO_SYSTEM_CALL_ENTRY, entry_at);
        // DS and ES are the program's while it runs.
        kernel.mov(Eax, PV_USER_DS).raw({ 0x8E, 0xD8, 0x8E, 0xC0 });
        kernel.push(PV_USER_DS).push(program_stack).push(program_flags).push(PV_USER_CS).push(program_at);
        kernel.hypercall_jump(PV_IRET);
        put_code(kernel_at, kernel);

        Code entry(entry_at);
        entry.increment(calls_at).raw({ 0x8D, 0x44, 0x36, 0x01 });                 // lea 1(%esi,%esi), %eax
        entry.raw({ 0x36, 0x8B, 0x0D }).word(PV_SHARED_INFO + PV_INFO_SYSTEM_CALL_ESP); // mov %ss:..., %ecx
        entry.hypercall_jump(PV_RETURN_TO_RING_3);
        put_code(entry_at, entry);

        put_code(event_at, Code(event_at).increment(events_at).hypercall_jump(PV_IRET));
        put_code(debug_at, Code(debug_at).increment(steps_at).hypercall_jump(PV_IRET));
        put_code(fault_at, Code(fault_at).increment(fault_count_at).hypercall(PV_HALT));

        Code program(program_at);
        program.mov(Esi, calls).mov(Ebx, 0x12345678).mov(Edi, 0x9ABCDEF0).mov(Ebp, 0x0F0F0F0F);
        uint32_t again = program.here();
        program.system_call();
        program.raw({ 0x8D, 0x4C, 0x36, 0x01, 0x39, 0xC8 }); // lea 1(%esi,%esi), %ecx; cmp %ecx, %eax
        program.raw({ 0x74, 0x02, 0x0F, 0x0B });             // je over; ud2
        program.raw({ 0x81, 0xFC }).word(program_stack);     // cmp $program_stack, %esp
        program.raw({ 0x74, 0x02, 0x0F, 0x0B });
        program.raw({ 0x4E }).jump_if_not_zero(again);       // dec %esi
        program.raw({ 0xF4 });
        put_code(program_at, program);
    }

    void check_that_all_calls_were_answered(uint32_t calls)
    {
        CHECK(get(result_at) == PV_OK);
        CHECK(get(calls_at) == calls);
        CHECK(get(fault_count_at) == 1);
        auto end = cpu->save();
        CHECK(end.gpr[Esi] == 0);
        CHECK(end.gpr[Ebx] == 0x12345678);
        CHECK(end.gpr[Edi] == 0x9ABCDEF0);
        CHECK(end.gpr[Ebp] == 0x0F0F0F0F);
        CHECK(end.cpl() == 0);
    }
};

// Kicks without pause from another thread, while it lives.
class Storm {
public:
    explicit Storm(Strategy& strategy)
        : m_thread([this, &strategy] {
            while (!m_over)
                strategy.kick();
        })
    {
    }
    ~Storm()
    {
        m_over = true;
        m_thread.join();
    }

private:
    std::atomic<bool> m_over { false };
    std::thread m_thread;
};

}

TEST_CASE("A hypercall changes nothing but EAX: no register, no floating-point state, no flag that matters", "[paravirt]")
{
    if (!native_available())
        return;
    GateWorld world;
    Code code(kernel_at);
    code.mov(Esp, kernel_stack);
    for (unsigned reg : { Ecx, Edx, Ebx, Ebp, Esi, Edi })
        code.mov(reg, 0x11111111 * (reg + 1));
    code.hypercall(PV_VERSION).store_eax(result_at).call(PV_ENTRY(PV_HALT));
    world.put_code(kernel_at, code);

    auto state = multiboot_entry_state(kernel_at, 0);
    for (std::size_t i = 0; i < 128; ++i) {
        state.fxsave[160 + i] = static_cast<std::byte>(i + 1);  // XMM0..7
        state.fxsave[32 + i] = static_cast<std::byte>(i % 16 < 10 ? 0x40 + i : 0); // ST0..7
    }
    state.fxsave[24] = std::byte { 0x00 }; // MXCSR with every exception open
    state.fxsave[25] = std::byte { 0x60 }; // and rounding towards zero
    world.start(state);
    CHECK(world.run_to_halt(false).reason == Exit::Reason::Halted);

    CHECK(world.get(result_at) == PV_ABI_VERSION);
    auto after = world.cpu->save();
    for (unsigned reg : { Ecx, Edx, Ebx, Ebp, Esi, Edi })
        CHECK(after.gpr[reg] == 0x11111111 * (reg + 1));
    CHECK(after.gpr[Esp] == kernel_stack - 4);
    CHECK(std::memcmp(after.fxsave.data() + 32, state.fxsave.data() + 32, 256) == 0);
    CHECK(std::memcmp(after.fxsave.data() + 24, state.fxsave.data() + 24, 2) == 0);
    CHECK(std::memcmp(after.fxsave.data(), state.fxsave.data(), 2) == 0);
    for (std::size_t i = 288; i < 416; ++i)
        REQUIRE(after.fxsave[i] == std::byte {}); // XMM8..15: nothing of the monitor's
    CHECK(after.segment(Ds) == paravirt::kernel_data());
    CHECK(after.segment(Fs).selector == 0);
}

TEST_CASE("Flags that would harm the monitor's code do not reach it through a hypercall", "[paravirt]")
{
    if (!native_available())
        return;
    GateWorld world;
    Code code(kernel_at);
    code.mov(Esp, kernel_stack);
    // AC, NT, DF and ID; the structure of the second one is where no monitor code would read if it ran backwards.
    for (uint32_t number : { PV_VERSION, PV_CONSOLE_WRITE })
        code.push(0x244602).raw({ 0x9D }).hypercall(number, pv_structure);
    code.store_eax(result_at).call(PV_ENTRY(PV_HALT));
    world.put_code(kernel_at, code);
    world.put_text(pv_data + 1, "text");
    world.put(pv_structure, pv_console { pv_data + 1, 4, 0 });
    world.start();
    CHECK(world.run_to_halt(false).reason == Exit::Reason::Halted);
    CHECK(world.get(result_at) == PV_OK);
    CHECK(world.console == "text");
}

TEST_CASE("System calls by the gate survive a storm of kicks, none lost and none twice", "[paravirt]")
{
    if (!native_available())
        return;
    GateWorld world;
    constexpr uint32_t calls = 200'000;
    // On a busy host a storm is slow to come up.
    for (unsigned round = 0; round < 5 || (world.kicks < 1000 && round < 100); ++round) {
        world.put_system_call_guest(calls, eflags::fixed);
        world.start();
        Storm storm(*world.cpu);
        CHECK(world.run_to_halt(false).reason == Exit::Reason::Halted);
        world.check_that_all_calls_were_answered(calls);
    }
    CHECK(world.kicks > 0);
}

TEST_CASE("Events come in between system calls, each once, with the flag off nowhere", "[paravirt]")
{
    if (!native_available())
        return;
    GateWorld world;
    constexpr uint32_t calls = 200'000;
    unsigned all = 0;
    for (unsigned round = 0; round < 5 || (all < 500 && round < 100); ++round) {
        world.put_system_call_guest(calls, eflags::fixed);
        world.start();
        world.injections = 0;
        Storm storm(*world.cpu);
        CHECK(world.run_to_halt(true).reason == Exit::Reason::Halted);
        world.check_that_all_calls_were_answered(calls);
        CHECK(world.get(events_at) == world.injections);
        all += world.injections;
    }
    CHECK(all > 0);
}

TEST_CASE("System calls that are recorded go through the monitor with the same answers", "[paravirt]")
{
    if (!native_available())
        return;
    GateWorld world;
    constexpr uint32_t calls = 20'000;
    world.trace.block().exact_rings = true;
    world.put_system_call_guest(calls, eflags::fixed);
    world.start();
    {
        Storm storm(*world.cpu);
        CHECK(world.run_to_halt(true).reason == Exit::Reason::Halted);
    }
    world.check_that_all_calls_were_answered(calls);
    auto& entries = world.trace.block().ring_entries;
    // Besides the calls, the #GP that ends the program, and the events that came in ring 3.
    CHECK(entries[3][0] > calls);
    CHECK(entries[3][0] <= calls + 1 + world.injections);
    CHECK(entries[0][3] >= entries[3][0]);
}

TEST_CASE("System calls that nobody watches are counted all the same", "[paravirt]")
{
    if (!native_available())
        return;
    GateWorld world;
    constexpr uint32_t calls = 1000;
    world.put_system_call_guest(calls, eflags::fixed);
    world.start();
    CHECK(world.run_to_halt(false).reason == Exit::Reason::Halted);
    CHECK(world.trace.block().ring_entries[3][0] >= calls);
}

TEST_CASE("A program that single-steps gets to its kernel and back, and to its end", "[paravirt]")
{
    if (!native_available())
        return;
    GateWorld world;
    constexpr uint32_t calls = 50;
    world.put_system_call_guest(calls, eflags::fixed | eflags::tf);
    world.start();
    CHECK(world.run_to_halt(false).reason == Exit::Reason::Halted);
    world.check_that_all_calls_were_answered(calls);
    CHECK(world.get(steps_at) >= 4);
}

TEST_CASE("A program that calls the monitor itself gets #GP", "[paravirt]")
{
    if (!native_available())
        return;
    GateWorld world;
    world.put_system_call_guest(1, eflags::fixed);
    Code program(program_at);
    program.mov(Eax, pv_structure).raw({ 0xEA }).word(PV_HYPERCALL_PAGE + 0x500 + 16 * PV_EXIT).raw({ PV_GATE_SELECTOR, 0 });
    world.put_code(program_at, program);
    world.put(pv_structure, pv_exit { 0 });
    world.start();
    CHECK(world.run_to_halt(false).reason == Exit::Reason::Halted);
    CHECK(world.get(fault_count_at) == 1);
    CHECK(world.exits.empty());
}

TEST_CASE("A system call that asks to return beyond the end of ring 3's segments does, and faults there", "[paravirt]")
{
    if (!native_available())
        return;
    GateWorld world;
    constexpr uint32_t boundary = 0x400000, beyond = 0x500000, boundary_at = 0x65000;
    world.put_system_call_guest(1, eflags::fixed);
    Code program(program_at);
    program.mov(Edx, beyond).raw({ 0xEA }).word(PV_SYSTEM_CALL_GATE).raw({ PV_GATE_SELECTOR, 0 });
    world.put_code(program_at, program);
    world.put_code(beyond, Code(beyond).raw({ 0xF4 }));
    world.put(pv_structure, pv_boundary { boundary });
    Code code(boundary_at);
    code.mov(Esp, kernel_stack).hypercall(PV_SET_BOUNDARY, pv_structure).store_eax(steps_at).jump(kernel_at);
    world.put_code(boundary_at, code);
    world.start(multiboot_entry_state(boundary_at, 0));
    CHECK(world.run_to_halt(false).reason == Exit::Reason::Halted);
    CHECK(world.get(fault_count_at) == 1);
    CHECK(world.get(kernel_stack - 20) == beyond); // the frame of the #GP: error code, EIP...
}

TEST_CASE("The hypercall page tells the time that the machine's clock tells", "[paravirt]")
{
    if (!native_available())
        return;
    GateWorld world;
    world.clock.advance_to(second);
    Code code(kernel_at);
    code.mov(Esp, kernel_stack).mov(Ebx, 1).mov(Ecx, 2).mov(Esi, 3);
    code.call(PV_ENTRY(PV_GET_TIME)).store_eax(result_at).raw({ 0x89, 0x15 }).word(result_at + 4);
    code.call(PV_ENTRY(PV_GET_STATE)).store_eax(calls_at).call(PV_ENTRY(PV_HALT));
    world.put_code(kernel_at, code);
    world.start();
    CHECK(world.run_to_halt(false).reason == Exit::Reason::Halted);
    auto nanoseconds = world.get<uint64_t>(result_at);
    CHECK(nanoseconds >= second);
    CHECK(nanoseconds < 61 * second); // the counter of the virtual clock's machine is said to run at 1 GHz
    CHECK(world.get(calls_at) == 0);
    CHECK(world.cpu->save().gpr[Ebx] == 1);
    CHECK(world.cpu->save().gpr[Ecx] == 2);
    CHECK(world.cpu->save().gpr[Esi] == 3);
}
