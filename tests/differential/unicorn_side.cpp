#include "tests/differential/unicorn_side.hpp"

#include "tests/catch.hpp"

namespace ringside::test {

namespace {

// Unicorn keeps TR as if its task were available, and aborts at a call gate when it finds it busy.
constexpr uint16_t busy = 2;

constexpr uint64_t memory_bytes = 4 * mebibyte;

UnicornEngine make_engine()
{
    auto engine = UnicornEngine::create();
    REQUIRE(engine);
    return std::move(*engine);
}

UnicornLayout layout()
{
    static const UnicornLayout found = [] {
        auto result = find_unicorn_layout();
        REQUIRE(result);
        return *result;
    }();
    return found;
}

}

UnicornSide::UnicornSide() : m_engine(make_engine()), m_memory(std::move(*GuestMemory::create(memory_bytes)))
{
    uc_engine* uc = m_engine.get();
    for (const auto& region : m_memory.regions()) {
        auto bytes = m_memory.bytes(region.base, region.size);
        REQUIRE(uc_mem_map_ptr(uc, region.base.value, region.size, UC_PROT_ALL, bytes.data()) == UC_ERR_OK);
    }
    REQUIRE(uc_ctl_exits_enable(uc) == UC_ERR_OK);
    uc_hook hook = 0;
    auto on_interrupt = [](uc_engine* engine, uint32_t vector, void* self) {
        static_cast<UnicornSide*>(self)->m_vector = static_cast<int>(vector);
        uc_emu_stop(engine);
    };
    uc_hook_add(uc, &hook, UC_HOOK_INTR, reinterpret_cast<void*>(static_cast<uc_cb_hookintr_t>(on_interrupt)), this, 1, 0);
    m_state = std::make_unique<UnicornState>(m_engine, layout());
}

// Stops at the next instruction, or where a branch may lead. A far one may lead anywhere; counting to one takes a hundred
// times as long.
Observed UnicornSide::run(const Case& tested)
{
    uint32_t base = tested.state.segment(Cs).base;
    std::vector<uint64_t> exits { base + tested.next_eip() };
    for (uint32_t target : tested.targets)
        exits.push_back(base + target);
    bool far = tested.form->has(trait::far_operand | trait::far_return) || tested.form->immediate == Immediate::FarPointer;
    m_vector = -1;
    CpuState start = tested.state;
    start.tr.attributes &= static_cast<uint16_t>(~busy);
    m_state->load(start, StatePart::Integer);
    uc_ctl_set_exits(m_engine.get(), exits.data(), exits.size());
    uc_err error = uc_emu_start(m_engine.get(), tested.state.eip, 0, 0, far ? 1 : 0);
    Observed observed { .state = tested.state };
    m_state->save(observed.state, StatePart::Integer);
    observed.state.tr.attributes |= busy;
    if (error == UC_ERR_INSN_INVALID) {
        observed.what = Observed::What::Faulted;
        observed.fault = fault_without_code(UD);
    } else if (m_vector >= 0 && m_state->raised_by_int_instruction()) {
        observed.what = Observed::What::SoftwareInterrupt;
    } else if (m_vector >= 0) {
        bool coded = pushes_error_code(static_cast<unsigned>(m_vector));
        observed.what = Observed::What::Faulted;
        observed.fault = { static_cast<uint8_t>(m_vector), coded, coded ? m_state->error_code() : 0,
            m_vector == PF ? observed.state.cr2 : 0 };
    }
    return observed;
}

}
