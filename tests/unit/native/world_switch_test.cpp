// The world switch under interruption: a guest that counts in integer and SSE registers at once is stopped at random
// instructions, many times, and must never lose a count or see one of the monitor's values.
#include "strategies/native/fpu_state.hpp"
#include "strategies/native/ldt.hpp"
#include "strategies/native/signal_cost.hpp"
#include "strategies/native/world_switch.hpp"
#include "tests/unit/native/probing.hpp"

#include <atomic>
#include <csignal>
#include <cstring>
#include <pthread.h>
#include <sys/mman.h>
#include <thread>

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr uint32_t code_at = 0x200000;

// EAX and XMM0 count together; the other registers hold constants.
constexpr uint8_t counting[] {
    0x83, 0xC0, 0x01,       // add $1, %eax
    0x66, 0x0F, 0xFE, 0xC1, // paddd %xmm1, %xmm0
    0xEB, 0xF7,             // jmp to the start
};

class CountingGuest final : public GuestSignals {
public:
    CountingGuest() : m_window(std::move(*Window::reserve()))
    {
        constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
        void* code = mmap(reinterpret_cast<void*>(uint64_t { code_at }), page_size, PROT_READ | PROT_WRITE | PROT_EXEC, flags, -1, 0);
        std::memcpy(code, counting, sizeof(counting));
        auto& world = ringside_world;
        world.eip = code_at;
        world.eflags = 0x202;
        world.cs = m_ldt.selector_for({ 0x08, 0xC09B, 0, 0xFFFFFFFF }, Window::end);
        world.ss = world.ds = world.es = world.fs = world.gs
            = m_ldt.selector_for({ 0x10, 0xC093, 0, 0xFFFFFFFF }, Window::end);
        world.kicked = 0;
        world.fpu = world.fpu_home = m_fpu.area();
        world.fpu_components = m_fpu.components();
        for (unsigned i = 0; i < 8; ++i)
            world.gpr[i] = i == Eax ? 0 : 0x01010101 * i;
        CpuState state = multiboot_entry_state(0, 0);
        uint32_t one = 1;
        std::memcpy(state.fxsave.data() + 160 + 16, &one, sizeof(one)); // XMM1
        m_fpu.load(state);
    }

    uint32_t vector_count() const
    {
        CpuState state;
        m_fpu.save(state);
        uint32_t count = 0;
        std::memcpy(&count, state.fxsave.data() + 160, sizeof(count)); // XMM0
        return count;
    }

    std::atomic<uint64_t> resumed { 0 };
    int last_signal = 0;

private:
    void take(const ucontext_t& context)
    {
        const auto& from = context.uc_mcontext.gregs;
        constexpr int order[] { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI };
        for (unsigned i = 0; i < 8; ++i)
            ringside_world.gpr[i] = static_cast<uint32_t>(from[order[i]]);
        ringside_world.eip = static_cast<uint32_t>(from[REG_RIP]);
        ringside_world.eflags = static_cast<uint32_t>(from[REG_EFL]);
        m_fpu.take(context);
    }
    Verdict on_guest_signal(int signal, const siginfo_t&, ucontext_t& context) override
    {
        last_signal = signal;
        ringside_world.kicked = 0;
        take(context);
        ringside_world.fpu = m_fpu.area();
        if (++resumed % 3 == 0)
            return Verdict::Leave;
        ringside_world.fpu = resumed % 2 == 0 ? m_fpu.area() : m_fpu.area_in(context);
        return Verdict::Resume;
    }

    Window m_window;
    Ldt m_ldt;
    FpuState m_fpu;
};

}

TEST_CASE("A guest that is interrupted at any instruction loses nothing, in any register", "[native]")
{
    if (!native_available())
        return;
    CountingGuest guest;
    REQUIRE(SignalHandlers::prepare());
    SignalHandlers::install(guest);
    thread_local int local_to_the_thread = 7; // its address hangs on FS
    pthread_t runner = pthread_self();
    std::atomic<bool> done { false };
    std::thread kicker([&] {
        for (unsigned pause = 0; !done; ++pause) {
            ringside_world.kicked = 1;
            pthread_kill(runner, SignalHandlers::kick_signal());
            for (unsigned i = 0; i < pause * 7919 % 20000; ++i)
                __builtin_ia32_pause();
        }
    });
    // A busy host gives the kicker its turn seldom.
    constexpr uint64_t enough = 600;
    constexpr int most_rounds = 1'000'000;
    int rounds = 0;
    uint32_t before = 0;
    bool in_step = true, constants = true, grows = true;
    for (; guest.resumed < enough && rounds < most_rounds; ++rounds) {
        ringside_world.fpu = ringside_world.fpu_home; // a frame that was resumed from is gone
        ringside_enter_guest();
        ringside_world.kicked = 0; // else the guest would never be entered while the kicker waits for its turn
        uint32_t count = ringside_world.gpr[Eax], vector = guest.vector_count();
        in_step = in_step && (vector == count || vector + 1 == count);
        grows = grows && static_cast<int32_t>(count - before) >= 0; // it may wrap
        before = count;
        for (unsigned i = 1; i < 8; ++i)
            constants = constants && ringside_world.gpr[i] == 0x01010101 * i;
        local_to_the_thread += 1;
    }
    done = true;
    kicker.join();
    SignalHandlers::remove();
    CHECK(in_step);
    CHECK(grows);
    CHECK(constants);
    CHECK(local_to_the_thread == 7 + rounds);
    CHECK(guest.resumed == enough);
    CHECK(guest.last_signal == SignalHandlers::kick_signal());
}

TEST_CASE("A kick that comes before the guest is entered keeps it from running", "[native]")
{
    if (!native_available())
        return;
    CountingGuest guest;
    REQUIRE(SignalHandlers::prepare());
    SignalHandlers::install(guest);
    ringside_world.kicked = 1;
    ringside_enter_guest();
    SignalHandlers::remove();
    CHECK(ringside_world.gpr[Eax] == 0);
    CHECK(ringside_world.eip == code_at);
    CHECK(guest.resumed == 0);
    ringside_world.kicked = 0;
}

TEST_CASE("The cost of a trap is measured: more than a system call, less than a millisecond", "[native]")
{
    if (!native_available())
        return;
    auto window = Window::reserve();
    REQUIRE(window);
    Ldt ldt;
    FpuState fpu;
    fpu.load(multiboot_entry_state(0, 0));
    ringside_world.fpu = ringside_world.fpu_home = fpu.area();
    ringside_world.fpu_components = fpu.components();
    REQUIRE(SignalHandlers::prepare());
    uint64_t cost = measure_signal_cost(*window, ldt);
    CHECK(cost > 300);
    CHECK(cost < 1'000'000'000);
    CHECK_FALSE(can_read(0x100000));
}
