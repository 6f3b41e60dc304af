// A guest that is stopped by another thread all the time, on Unicorn with nothing else around it. In a debugger and under
// ThreadSanitizer there is nothing to show.
#include "strategies/emulation/stop_proof.hpp"
#include "strategies/emulation/stop_signals.hpp"
#include "strategies/emulation/stops_by_breakpoint.hpp"
#include "tests/catch.hpp"

#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

using namespace ringside;

namespace {

constexpr uint64_t memory_bytes = 1 << 20;
constexpr uint32_t code_address = 0x1000, stack_top = 0x80000, data_address = 0x80000;

// Goes on each time, and counts.
class Looks final : public BetweenBlocks {
public:
    unsigned count = 0;
    bool stop = false;
    bool anything_to_look_for() const override { return true; }
    Go look() override
    {
        ++count;
        return stop ? Go::Stop : Go::On;
    }
    void returned() override { ++returns; }
    unsigned returns = 0;
};

class Requests {
public:
    explicit Requests(Stops& stops)
        : m_thread([this, &stops] {
            while (!m_quit) {
                std::this_thread::sleep_for(std::chrono::microseconds { 50 });
                stops.request();
            }
        })
    {
    }
    ~Requests()
    {
        m_quit = true;
        m_thread.join();
    }

private:
    std::atomic<bool> m_quit { false };
    std::thread m_thread;
};

struct World {
    UnicornEngine engine = std::move(*UnicornEngine::create());
    UnicornState state { engine, *find_unicorn_layout() };
    bool possible = StopSignals::install();
    std::optional<TranslatedCode> code;
    Looks looks;
    std::unique_ptr<StopsByBreakpoint> stops;

    explicit World(uint32_t translation_buffer = 8 << 20)
    {
        uc_ctl_set_tcg_buffer_size(engine.get(), translation_buffer);
        uc_ctl_exits_enable(engine.get());
        code = TranslatedCode::learn(engine.get());
        if (!possible)
            return;
        REQUIRE(code);
        REQUIRE(prove_stops(engine.get(), state, *code));
        stops = std::make_unique<StopsByBreakpoint>(engine.get(), state, looks, *code);
        REQUIRE(uc_mem_map(engine.get(), 0, memory_bytes, UC_PROT_ALL) == UC_ERR_OK);
    }

    void put(int name, uint32_t value) { uc_reg_write(engine.get(), name, &value); }
    uint32_t get(int name)
    {
        uint32_t value = 0;
        uc_reg_read(engine.get(), name, &value);
        return value;
    }

    // Runs `bytes` from their start to HLT.
    uc_err run(const std::vector<uint8_t>& bytes)
    {
        uc_mem_write(engine.get(), code_address, bytes.data(), bytes.size());
        put(UC_X86_REG_ESP, stack_top);
        put(UC_X86_REG_EIP, code_address);
        return stops->run();
    }
};

// EAX := the number of leaves of the recursion fib(ECX), by pushes, calls and returns.
const std::vector<uint8_t> recursion {
    0xE8, 0x01, 0x00, 0x00, 0x00,       //       call count
    0xF4,                               //       hlt
    0x83, 0xF9, 0x02,                   // count: cmp ecx, 2
    0x73, 0x08,                         //       jae more
    0x40,                               //       inc eax
    0xFF, 0x05, 0x00, 0x00, 0x08, 0x00, //       inc dword [data]
    0xC3,                               //       ret
    0x51,                               // more: push ecx
    0x49,                               //       dec ecx
    0xE8, 0xEC, 0xFF, 0xFF, 0xFF,       //       call count
    0x83, 0x2C, 0x24, 0x02,             //       sub dword [esp], 2
    0x59,                               //       pop ecx
    0xEB, 0xE5,                         //       jmp count
};

}

TEST_CASE("A guest that another thread stops every 50 microseconds computes what it computes undisturbed", "[stops]")
{
    World world;
    if (!world.stops)
        return;
    Requests requests(*world.stops);
    for (int round = 0; round < 200; ++round) {
        uint32_t none = 0, counted = 0;
        uc_mem_write(world.engine.get(), data_address, &none, sizeof(none));
        world.put(UC_X86_REG_EAX, 0);
        world.put(UC_X86_REG_ECX, 20);
        REQUIRE(world.run(recursion) == UC_ERR_OK);
        CHECK(world.get(UC_X86_REG_EAX) == 10946);
        CHECK(world.get(UC_X86_REG_ESP) == stack_top);
        uc_mem_read(world.engine.get(), data_address, &counted, sizeof(counted));
        CHECK(counted == 10946);
    }
    CHECK(world.looks.count > 210);
}

TEST_CASE("A guest in an endless loop of one block is stopped, also when that block was translated first", "[stops]")
{
    World world;
    if (!world.stops)
        return;
    std::thread later([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds { 20 });
        world.looks.stop = true;
        world.stops->request();
    });
    CHECK(world.run({ 0xEB, 0xFE }) == UC_ERR_OK); // jmp itself
    later.join();
    CHECK(world.get(UC_X86_REG_EIP) == code_address);
}

TEST_CASE("A request before the guest runs is not lost", "[stops]")
{
    World world;
    if (!world.stops)
        return;
    world.looks.stop = true;
    world.stops->request();
    CHECK(world.run({ 0x40, 0xF4 }) == UC_ERR_OK); // inc eax; hlt
    CHECK(world.get(UC_X86_REG_EIP) == code_address);
}

// 2 MiB of translated code hold some four thousand of these blocks.
TEST_CASE("Stopping does no harm while Unicorn throws its translated code away again and again", "[stops]")
{
    World world(2 << 20);
    if (!world.stops)
        return;
    constexpr uint32_t blocks = 20'000, rounds = 4;
    std::vector<uint8_t> code;
    for (uint32_t i = 0; i < blocks; ++i)
        code.insert(code.end(), { 0x40, 0xEB, 0x00 }); // inc eax; jmp +0
    int32_t back = -static_cast<int32_t>(code.size()) - 7;
    code.insert(code.end(), { 0x49, 0x0F, 0x85, 0, 0, 0, 0, 0xF4 }); // dec ecx; jnz start; hlt
    std::memcpy(code.data() + code.size() - 5, &back, sizeof(back));
    Requests requests(*world.stops);
    world.put(UC_X86_REG_EAX, 0);
    world.put(UC_X86_REG_ECX, rounds);
    REQUIRE(world.run(code) == UC_ERR_OK);
    CHECK(world.get(UC_X86_REG_EAX) == blocks * rounds);
    CHECK(world.looks.count > 10);
}

TEST_CASE("A block's ways out are found, and no breakpoint stays there", "[stops]")
{
    World world;
    if (!world.stops)
        return;
    world.put(UC_X86_REG_ECX, 3);
    REQUIRE(world.run({ 0x49, 0x75, 0xFD, 0xF4 }) == UC_ERR_OK); // dec ecx; jnz itself; hlt
    const auto& code = *world.code;
    std::optional<TranslatedCode::Block> block;
    for (auto at = (code.epilogue() | 63) + 1; at < code.epilogue() + 0x4000 && (!block || block->guest != code_address); at += 64)
        block = code.block_starting_at(at);
    REQUIRE(block);
    CHECK(code.block_at(block->code + block->size - 1) == block);
    CHECK_FALSE(code.block_at(block->code + block->size));

    // To itself and to the block behind it, each also by way of Unicorn's loop, and when it is asked to stop.
    auto exits = code.exits_of(*block);
    CHECK(exits.count == 5);
    auto bytes = [&] {
        std::vector<uint8_t> all(block->size);
        std::memcpy(all.data(), reinterpret_cast<const void*>(block->code), all.size());
        return all;
    };
    auto before = bytes();
    Breakpoints breakpoints(code);
    breakpoints.set_at_exits_of(*block);
    breakpoints.set(exits.jumps[0]);
    for (std::size_t i = 0; i < exits.count; ++i)
        CHECK(breakpoints.is_set(exits.jumps[i]));
    CHECK_FALSE(breakpoints.is_set(block->code));
    CHECK(bytes() != before);
    breakpoints.remove_all();
    CHECK(bytes() == before);
    CHECK_FALSE(breakpoints.any());
}

namespace {

// PUSHFD; PUSH 8; PUSH behind; IRETD; and behind it INC EAX. Selector 8 is a flat code segment of ring 0.
void append_return(std::vector<uint8_t>& code)
{
    auto behind = code_address + static_cast<uint32_t>(code.size()) + 9;
    code.insert(code.end(), { 0x9C, 0x6A, 0x08, 0x68, 0, 0, 0, 0, 0xCF, 0x40 });
    std::memcpy(code.data() + code.size() - 6, &behind, sizeof(behind));
}

// ECX times.
void append_loop(std::vector<uint8_t>& code)
{
    int32_t back = -static_cast<int32_t>(code.size()) - 7;
    code.insert(code.end(), { 0x49, 0x0F, 0x85, 0, 0, 0, 0, 0xF4 }); // dec ecx; jnz start; hlt
    std::memcpy(code.data() + code.size() - 5, &back, sizeof(back));
}

// A world whose blocks are all noted as returns when they are translated.
struct ReturningWorld : World {
    explicit ReturningWorld(uint32_t translation_buffer = 8 << 20)
        : World(translation_buffer)
    {
        if (!stops)
            return;
        constexpr uint64_t table_address = 0xF0000, flat_code = 0x00CF'9B00'0000'FFFF;
        uc_mem_write(engine.get(), table_address + 8, &flat_code, sizeof(flat_code));
        CpuState cpu;
        state.save(cpu, StatePart::All);
        cpu.gdtr = { table_address, 15 };
        cpu.segment(Cs) = { .selector = 8, .attributes = 0xC09B, .base = 0, .limit = UINT32_MAX };
        cpu.segment(Ss) = { .selector = 16, .attributes = 0xC093, .base = 0, .limit = UINT32_MAX };
        state.load(cpu, StatePart::Integer);
        uc_hook hook = 0;
        auto translated = [](uc_engine*, uc_tb* block, uc_tb*, void* self) {
            static_cast<World*>(self)->stops->note_opening(static_cast<uint32_t>(block->pc), true);
        };
        auto callback = reinterpret_cast<void*>(static_cast<void (*)(uc_engine*, uc_tb*, uc_tb*, void*)>(translated));
        REQUIRE(uc_hook_add(engine.get(), &hook, UC_HOOK_EDGE_GENERATED, callback, static_cast<World*>(this), 1, 0) == UC_ERR_OK);
    }
};

}

TEST_CASE("Each IRET is reported while that is wanted, whether its block was translated before or after", "[stops]")
{
    ReturningWorld world;
    if (!world.stops)
        return;
    std::vector<uint8_t> code;
    append_return(code);
    append_loop(code);
    auto run = [&] {
        world.looks.returns = 0;
        world.put(UC_X86_REG_EAX, 0);
        world.put(UC_X86_REG_ECX, 50);
        REQUIRE(world.run(code) == UC_ERR_OK);
        CHECK(world.get(UC_X86_REG_EAX) == 50);
        return world.looks.returns;
    };
    CHECK(run() == 0);
    REQUIRE(world.stops->report_returns(true));
    CHECK(run() == 50);
    uc_ctl_flush_tb(world.engine.get());
    CHECK(run() == 50);
    REQUIRE(world.stops->report_returns(false));
    CHECK(run() == 0);
}

TEST_CASE("Each IRET is reported while other threads request stops and Unicorn throws its translated code away", "[stops]")
{
    ReturningWorld world(2 << 20);
    if (!world.stops)
        return;
    constexpr uint32_t blocks = 10'000, rounds = 3;
    std::vector<uint8_t> code;
    for (uint32_t i = 0; i < blocks; ++i)
        append_return(code);
    append_loop(code);
    REQUIRE(world.stops->report_returns(true));
    Requests requests(*world.stops);
    world.put(UC_X86_REG_EAX, 0);
    world.put(UC_X86_REG_ECX, rounds);
    REQUIRE(world.run(code) == UC_ERR_OK);
    CHECK(world.get(UC_X86_REG_EAX) == blocks * rounds);
    CHECK(world.looks.returns == blocks * rounds);
    CHECK(world.looks.count > 10);
}

TEST_CASE("Within a hook of a port, the place of the instruction is known exactly, whatever the base of its segment", "[stops]")
{
    World world;
    if (!world.stops)
        return;
    struct Seen {
        Stops* stops;
        std::vector<uint32_t> places;
    } seen { world.stops.get(), {} };
    auto read = [](uc_engine*, uint32_t, int, void* user) -> uint32_t {
        auto& all = *static_cast<Seen*>(user);
        all.places.push_back(all.stops->running_instruction());
        return 0;
    };
    uc_hook hook = 0;
    auto callback = reinterpret_cast<void*>(static_cast<uc_cb_insn_in_t>(read));
    REQUIRE(uc_hook_add(world.engine.get(), &hook, UC_HOOK_INSN, callback, &seen, 1, 0, UC_X86_INS_IN) == UC_ERR_OK);
    // inc ebx; in al, 16; mov [data], ebx; in eax, 16; hlt
    const std::vector<uint8_t> code { 0x43, 0xE4, 0x10, 0x89, 0x1D, 0x00, 0x00, 0x08, 0x00, 0xE5, 0x10, 0xF4 };
    REQUIRE(world.run(code) == UC_ERR_OK);
    CHECK(seen.places == std::vector<uint32_t> { code_address + 1, code_address + 9 });

    seen.places.clear();
    CpuState state;
    world.state.save(state, StatePart::All);
    state.segment(Cs).base = code_address;
    state.eip = 0;
    world.state.load(state, StatePart::Integer);
    REQUIRE(world.stops->run() == UC_ERR_OK);
    CHECK(seen.places == std::vector<uint32_t> { 1, 9 });
}
