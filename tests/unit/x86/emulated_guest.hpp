// The small guest of test_guest.hpp with a machine around it, so that instructions can be emulated.
#pragma once

#include "core/machine/engine.hpp"
#include "core/x86/decode_cache.hpp"
#include "core/x86/instruction_emulator.hpp"
#include "core/x86/segments.hpp"
#include "tests/catch.hpp"
#include "tests/unit/devices/fake_world.hpp"
#include "tests/unit/x86/test_guest.hpp"

#include <string>
#include <vector>

namespace ringside::test {

class EmulatedGuest : public TestGuest {
    FakeWorld m_world;
    TraceMemory m_trace = std::move(*TraceMemory::create(16, TickSource::Manual, Overflow::Drop));
    Recorder m_recorder { m_trace.block() };
    std::unique_ptr<Platform> m_platform;

public:
    EmulatedGuest()
    {
        auto created = Platform::create(
            memory, m_world.clock, m_world.timers, { .debug_output = [this](char c) { debug_output += c; } });
        REQUIRE(created);
        m_platform = std::move(*created);
        engine.emplace(memory, *m_platform, m_world.clock, &m_world.clock, m_world.timers, m_recorder);
    }

    std::optional<Engine> engine;
    DecodeCache cache;
    std::string debug_output; // port 0xE9

    // Emulates the instruction at CS:EIP.
    Emulated step()
    {
        const Instruction* instruction = cache.find(memory, state);
        if (!instruction)
            return { .outcome = Emulated::Outcome::Fault, .fault = cache.fault() };
        return emulate_instruction(*engine, state, *instruction);
    }
    // Puts these bytes at CS:EIP and emulates them.
    Emulated emulate(std::initializer_list<uint8_t> bytes)
    {
        put_code(bytes);
        return step();
    }
    // For instructions that must succeed.
    Emulated done(std::initializer_list<uint8_t> bytes)
    {
        uint32_t before = state.eip;
        Emulated result = emulate(bytes);
        CAPTURE(before, result.fault.vector, result.fault.error_code);
        CHECK(result.outcome == Emulated::Outcome::Done);
        return result;
    }
    // For instructions that must fault, and then leave everything as it was.
    Fault faults(std::initializer_list<uint8_t> bytes)
    {
        CpuState before = state;
        Emulated result = emulate(bytes);
        CHECK(result.outcome == Emulated::Outcome::Fault);
        CHECK(result.kind == EventKind::Count_);
        CHECK(result.effects == 0);
        CHECK(state == before);
        return result.fault;
    }
};

inline Fault general_protection(uint32_t error_code = 0)
{
    return fault_with_code(GP, error_code);
}

}
