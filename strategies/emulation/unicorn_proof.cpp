#include "strategies/emulation/unicorn_proof.hpp"

#include "core/machine/address.hpp"
#include "strategies/emulation/unicorn_state.hpp"

#include <array>
#include <cstring>
#include <fmt/format.h>
#include <string_view>

namespace ringside {

namespace {

constexpr uint32_t code_address = 0x1000;
constexpr uint32_t data_address = 0x2000;
constexpr uint32_t data_word = 0xC0FFEE11;
constexpr uint32_t stack_top = 0x3000;
constexpr uint64_t memory_bytes = 0x4000;
constexpr uint16_t bad_selector = 0x1234; // beyond the limit of the empty GDT; its RPL bits are 0

// Ring 3, with a base in FS and no GDT: whatever works then works by the hidden parts alone.
CpuState ring_3_state()
{
    CpuState state;
    constexpr Segment code { 0x43, 0xC0FB, 0, 0xFFFFFFFF };
    constexpr Segment data { 0x4B, 0xC0F3, 0, 0xFFFFFFFF };
    state.segments.fill(data);
    state.segment(Cs) = code;
    state.segment(Fs).base = data_address;
    state.cr0 = cr0::pe | cr0::et | cr0::ne;
    state.gpr[Esp] = stack_top;
    state.eip = code_address;
    return state;
}

class Bench {
public:
    Bench(UnicornEngine engine, const UnicornLayout& layout)
        : m_engine(std::move(engine))
        , m_state(m_engine, layout)
    {
        uc_mem_map(m_engine.get(), 0, memory_bytes, UC_PROT_ALL);
        uc_mem_write(m_engine.get(), data_address, &data_word, sizeof(data_word));
        uc_hook hook = 0;
        auto on_interrupt = [](uc_engine* uc, uint32_t raised, void* self) {
            static_cast<Bench*>(self)->vector = raised;
            uc_emu_stop(uc);
        };
        uc_hook_add(m_engine.get(), &hook, UC_HOOK_INTR,
            reinterpret_cast<void*>(static_cast<uc_cb_hookintr_t>(on_interrupt)), this, 1, 0);
        uc_ctl_exits_enable(m_engine.get());
    }

    uint32_t vector = 0;

    template<std::size_t Size>
    CpuState run(const CpuState& from, const std::array<uint8_t, Size>& code)
    {
        vector = 0;
        uc_mem_write(m_engine.get(), code_address, code.data(), code.size());
        // Not uc_ctl_flush_tb(): in 2.1.1 that writes 1 GiB of translation buffer, which takes 100 ms.
        uc_ctl_remove_cache(m_engine.get(), uint64_t { code_address }, uint64_t { code_address } + code.size());
        m_state.load(from, StatePart::All);
        uc_emu_start(m_engine.get(), from.eip, 0, 0, 0);
        CpuState after = from;
        m_state.save(after, StatePart::All);
        return after;
    }

    const UnicornState& state() const { return m_state; }

private:
    UnicornEngine m_engine;
    UnicornState m_state;
};

// mov eax, fs:[0]; mov edx, bad_selector; mov ds, edx
constexpr std::array<uint8_t, 13> load_bad_selector { 0x64, 0xA1, 0, 0, 0, 0, 0xBA, bad_selector & 0xFF,
    bad_selector >> 8, 0, 0, 0x8E, 0xDA };
constexpr std::array<uint8_t, 2> software_interrupt { 0xCD, 0x40 };
constexpr std::array<uint8_t, 4> interrupt_behind_xor { 0x31, 0xC0, 0xCD, 0x40 };
constexpr std::array<uint8_t, 2> halt_after_sti { 0xFB, 0xF4 };

bool hidden_parts_work(Bench& bench)
{
    auto after = bench.run(ring_3_state(), load_bad_selector);
    return bench.vector == GP && bench.state().error_code() == bad_selector && !bench.state().raised_by_int_instruction()
        && after.gpr[Eax] == data_word && after.cpl() == 3 && after.segments == ring_3_state().segments
        && after.eip == code_address + 11;
}

bool faults_are_judged_afresh(Bench& bench)
{
    bench.run(ring_3_state(), load_bad_selector);
    bench.run(ring_3_state(), load_bad_selector);
    return bench.vector == GP;
}

bool software_interrupts_are_told_apart(Bench& bench)
{
    auto after = bench.run(ring_3_state(), software_interrupt);
    return bench.vector == 0x40 && bench.state().raised_by_int_instruction() && after.eip == code_address + 2;
}

// As they are in EFLAGS, or to be computed from a result.
bool forms_of_flags_are_told_apart(Bench& bench)
{
    constexpr uint32_t as_in_eflags = 1, most = 100;
    bench.run(ring_3_state(), software_interrupt);
    bool plain = bench.state().flags_form() == as_in_eflags;
    bench.run(ring_3_state(), interrupt_behind_xor);
    return plain && bench.state().flags_form() > as_in_eflags && bench.state().flags_form() < most;
}

// HLT outside ring 0 faults while STI's shadow still holds.
bool shadow_is_seen(Bench& bench)
{
    auto state = ring_3_state();
    state.eflags |= eflags::iopl;
    return bench.run(state, halt_after_sti).interrupt_shadow && bench.vector == GP;
}

}

Result<void> prove_unicorn_layout(const UnicornLayout& layout)
{
    auto engine = UnicornEngine::create();
    if (!engine)
        return engine.propagate();
    Bench bench(std::move(*engine), layout);
    struct Proof {
        std::string_view what;
        bool (*holds)(Bench&);
    };
    static constexpr std::array proofs {
        Proof { "segments", hidden_parts_work },
        Proof { "faults", faults_are_judged_afresh },
        Proof { "software interrupts", software_interrupts_are_told_apart },
        Proof { "the interrupt shadow", shadow_is_seen },
        Proof { "flags", forms_of_flags_are_told_apart },
    };
    for (const auto& proof : proofs) {
        if (!proof.holds(bench))
            return fail(ExitCode::Unavailable, fmt::format("Unicorn {} handles {} in an unknown way", unicorn_version(), proof.what),
                "install libunicorn 2.1.1 (Debian 13: libunicorn2t64)");
    }
    return {};
}

}
