#include "tests/differential/host_side.hpp"

#include <asm/ldt.h>
#include <csignal>
#include <cstring>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

namespace ringside::test {

namespace {

constexpr uint64_t memory_bytes = 4 * mebibyte;

// In the order of ringside's Gpr.
constexpr int native_registers[] { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI };

constexpr uint16_t selector_of(unsigned index)
{
    return static_cast<uint16_t>(index << 3 | 7); // in the LDT, RPL 3
}

// What the two signal handlers share with run(); signals leave no other way.
struct Crossing {
    const CpuState* start = nullptr;
    gregset_t caller {};     // where to go on when the instruction is done
    gregset_t instruction {}; // the registers after it
    uint64_t fault_address = 0;
};
Crossing* g_crossing = nullptr;

// Returns from the signal into the instruction instead of to the caller.
void on_enter(int, siginfo_t*, void* context)
{
    auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    std::memcpy(g_crossing->caller, registers, sizeof(registers));
    const CpuState& start = *g_crossing->start;
    for (unsigned i = 0; i < 8; ++i)
        registers[native_registers[i]] = start.gpr[i];
    registers[REG_RIP] = start.eip;
    registers[REG_EFL] = start.eflags;
    uint64_t segments = selector_of(Cs) | uint64_t { selector_of(Ss) } << 48; // CS, GS, FS, SS, 16 bits each
    registers[REG_CSGSFS] = static_cast<greg_t>(segments);
}

// The instruction is done or has faulted: back to the caller.
void on_leave(int, siginfo_t* information, void* context)
{
    auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    std::memcpy(g_crossing->instruction, registers, sizeof(registers));
    g_crossing->fault_address = reinterpret_cast<uint64_t>(information->si_addr);
    std::memcpy(registers, g_crossing->caller, sizeof(registers));
}

void install(int signal, void (*handler)(int, siginfo_t*, void*))
{
    struct sigaction action {};
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(signal, &action, nullptr);
}

void install_handlers()
{
    static std::byte stack[64 * 1024];
    stack_t alternate { .ss_sp = stack, .ss_flags = 0, .ss_size = sizeof(stack) };
    sigaltstack(&alternate, nullptr);
    install(SIGUSR1, on_enter);
    for (int signal : { SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGILL })
        install(signal, on_leave);
}

}

HostSide::HostSide() : m_memory(std::move(*GuestMemory::create(memory_bytes)))
{
    void* window = mmap(nullptr, memory_bytes, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED | MAP_32BIT,
        m_memory.descriptor(), 0);
    if (window == MAP_FAILED) {
        m_obstacle = "no executable memory below 4 GiB";
        return;
    }
    m_base = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(window));
    if (!set_descriptor(Ds, { 0, 0xC0F3, 0, 0xFFFFFFFF }))
        m_obstacle = "modify_ldt() is refused";
    install_handlers();
}

bool HostSide::set_descriptor(unsigned index, const Segment& segment)
{
    constexpr unsigned read_write_data = 0, readable_code = 2; // user_desc::contents
    user_desc description {};
    description.entry_number = index;
    description.base_addr = m_base + segment.base;
    description.limit = 0xFFFFF;
    description.limit_in_pages = 1;
    description.seg_32bit = segment.is_big();
    description.contents = segment.type() & 8 ? readable_code : read_write_data;
    description.useable = 1;
    return syscall(SYS_modify_ldt, 0x11, &description, sizeof(description)) == 0;
}

bool HostSide::set_segments(const CpuState& state)
{
    for (unsigned i : { Es, Cs, Ss, Ds }) {
        if (!set_descriptor(i, state.segments[i]))
            return false;
    }
    asm volatile("mov %0, %%es" : : "r"(selector_of(Es)));
    asm volatile("mov %0, %%ds" : : "r"(selector_of(Ds)));
    return true;
}

Observed HostSide::run(const Case& tested)
{
    constexpr long trap_breakpoint = 3, trap_page_fault = 14;
    Crossing crossing { .start = &tested.state };
    g_crossing = &crossing;
    Observed observed { .what = Observed::What::NotKnown, .state = tested.state };
    if (!set_segments(tested.state))
        return observed;
    raise(SIGUSR1);
    const auto& registers = crossing.instruction;
    for (unsigned i = 0; i < 8; ++i)
        observed.state.gpr[i] = static_cast<uint32_t>(registers[native_registers[i]]);
    observed.state.eip = static_cast<uint32_t>(registers[REG_RIP]);
    observed.state.eflags = static_cast<uint32_t>(registers[REG_EFL]) & ~eflags::rf; // set in the frames of faults
    if (registers[REG_TRAPNO] == trap_breakpoint) {
        observed.what = Observed::What::Ran;
        --observed.state.eip; // INT3 is behind it
        return observed;
    }
    bool page_fault = registers[REG_TRAPNO] == trap_page_fault;
    auto vector = static_cast<uint8_t>(registers[REG_TRAPNO]);
    observed.what = Observed::What::Faulted;
    observed.fault = { vector, pushes_error_code(vector), static_cast<uint32_t>(registers[REG_ERR]),
        page_fault ? static_cast<uint32_t>(crossing.fault_address) - m_base : 0 };
    return observed;
}

}
