// A paravirtual guest in a fake world: platform and memory are real, the native substrate remembers what it was asked.
//
// The first 4 MiB are mapped onto themselves for ring 0, but for the pages named below. The guest is in virtual ring 0.
#pragma once

#include "core/machine/engine.hpp"
#include "core/x86/paging.hpp"
#include "strategies/paravirt/hypercalls.hpp"
#include "strategies/paravirt/rings.hpp"
#include "tests/catch.hpp"
#include "tests/unit/devices/fake_world.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ringside::test {

inline constexpr uint32_t pv_directory = 0x8000, pv_table = 0x9000, pv_other_directory = 0xA000, pv_other_table = 0xB000,
                          pv_structure = 0x20000, pv_data = 0x30000, pv_stack = 0x50000, pv_code = 0x60000,
                          // Pages that are not like the others.
                          pv_absent_page = 0x70000, pv_read_only_page = 0x72000, pv_device_page = 0xA0000,
                          pv_user_page = 0x74000;

struct FakeSubstrate final : Substrate {
    struct Refresh {
        uint32_t first;
        uint32_t count;
        bool operator==(const Refresh&) const = default;
    };
    std::vector<Refresh> refreshed;
    std::vector<uint32_t> directories_loaded;
    unsigned paging_begun = 0;
    std::vector<uint32_t> boundaries;

    void refresh(const CpuState&, Gla first, uint32_t count) override { refreshed.push_back({ first.value, count }); }
    void load_page_directory(const CpuState& state, bool paging_began) override
    {
        directories_loaded.push_back(state.cr3);
        paging_begun += paging_began;
    }
    void set_boundary(uint32_t boundary) override { boundaries.push_back(boundary); }
};

struct ParavirtWorld : FakeWorld {
    GuestMemory memory = std::move(*GuestMemory::create(8 * mebibyte));
    TraceMemory trace = std::move(*TraceMemory::create(64, TickSource::Manual, Overflow::Drop));
    Recorder recorder { trace.block() };
    std::string console;
    std::vector<uint32_t> exits;
    std::vector<uint32_t> marks;
    std::unique_ptr<Platform> platform = make_platform();
    Engine engine { memory, *platform, clock, &clock, timers, recorder };
    FakeSubstrate substrate;
    std::vector<Disk> disks;
    CpuState state;

    ParavirtWorld()
    {
        state.cr0 |= cr0::pe;
        state = paravirt::entry_state(state);
        state.eip = pv_code;
        state.gpr[Esp] = pv_stack;
        fill_tables();
        state.cr3 = pv_directory;
        state.cr0 |= cr0::pg | cr0::wp;
    }

    std::unique_ptr<Platform> make_platform()
    {
        auto created = Platform::create(memory, clock, timers,
            { .console_output = [this](std::string_view text) { console += text; },
                .debug_exit = [this](uint32_t value) { exits.push_back(value); },
                .marker = [this](uint32_t value) { marks.push_back(value); } });
        REQUIRE(created);
        return std::move(*created);
    }

    void fill_tables()
    {
        put(pv_directory, pv_table | 7);
        for (uint32_t page = 0; page < 1024; ++page)
            memory.write(Gpa { pv_table + page * 4 }, page * page_size | 3);
        put(pv_table + pv_absent_page / page_size * 4, uint32_t { 0 });
        put(pv_table + pv_read_only_page / page_size * 4, pv_read_only_page | 1);
        put(pv_table + pv_user_page / page_size * 4, pv_user_page | 7);
    }

    template<typename T>
    void put(uint32_t address, T value)
    {
        REQUIRE(memory.write(Gpa { address }, value));
    }
    template<typename T = uint32_t>
    T get(uint32_t address)
    {
        auto value = memory.read<T>(Gpa { address });
        REQUIRE(value);
        return *value;
    }
    void put_text(uint32_t address, std::string_view text)
    {
        for (char c : text)
            put(address++, c);
    }

    void enter_program() { paravirt::enter_program(state, 0xC0000000); }
};

}
