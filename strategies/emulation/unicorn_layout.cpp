#include "strategies/emulation/unicorn_layout.hpp"

#include "strategies/emulation/unicorn_engine.hpp"

#include <array>
#include <cstdint>
#include <fmt/format.h>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace ringside {

namespace {

using Block = std::vector<std::byte>;

// The offset of the first byte that differs.
std::optional<std::size_t> first_difference(const Block& a, const Block& b)
{
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i] != b[i])
            return i;
    }
    return std::nullopt;
}

// Finds places by changing registers of a scratch engine. After a failure `ok` stays false and places are 0.
class Finder {
public:
    explicit Finder(UnicornEngine& engine)
        : m_engine(engine)
        , m_context(engine)
    {
    }

    bool ok = true;

    uc_engine* engine() const { return m_engine.get(); }

    // The first byte of the block that `change` changes. Each change must touch the lowest byte of its field.
    std::size_t changed_by(const std::function<void()>& change)
    {
        auto before = snapshot();
        change();
        auto place = first_difference(before, snapshot());
        ok = ok && place.has_value();
        return place.value_or(0);
    }

    std::size_t of_register(int name, uint64_t value)
    {
        return changed_by([&] { uc_reg_write(m_engine.get(), name, &value); });
    }

    std::size_t of_table(int name, uc_x86_mmr value)
    {
        return changed_by([&] { uc_reg_write(m_engine.get(), name, &value); });
    }

    std::size_t of_msr(uint32_t index)
    {
        uc_x86_msr msr { index, 0x5A };
        return changed_by([&] { uc_reg_write(m_engine.get(), UC_X86_REG_MSR, &msr); });
    }

    // Two places that must lie `distance` apart, or the structure is not the one that this code knows.
    void expect(std::size_t first, std::size_t second, std::size_t distance) { ok = ok && second - first == distance; }

private:
    Block snapshot()
    {
        m_context.save();
        auto bytes = m_context.bytes();
        return { bytes.begin(), bytes.end() };
    }

    UnicornEngine& m_engine;
    UnicornContext m_context;
};

void find_integer_state(Finder& find, UnicornLayout& layout)
{
    constexpr uc_x86_mmr table { 0x5A, 0x5A5A5A5A, 0x5A5A, 0x5A5A };

    layout.registers = find.of_register(UC_X86_REG_EAX, 0x5A);
    find.expect(layout.registers, find.of_register(UC_X86_REG_EDI, 0x5A), 7 * 8);
    layout.instruction_pointer = find.of_register(UC_X86_REG_EIP, 0x5A);
    layout.ldtr = find.of_table(UC_X86_REG_LDTR, table);
    layout.tr = find.of_table(UC_X86_REG_TR, table);
    layout.gdtr = find.of_table(UC_X86_REG_GDTR, table) - 8;
    layout.idtr = find.of_table(UC_X86_REG_IDTR, table) - 8;
    find.expect(layout.ldtr, layout.tr, UnicornLayout::segment_stride);
    find.expect(layout.tr, layout.gdtr, UnicornLayout::segment_stride);
    find.expect(layout.gdtr, layout.idtr, UnicornLayout::segment_stride);
    layout.segments = layout.ldtr - 6 * UnicornLayout::segment_stride;
    layout.hidden_flags = layout.segments - 8;
    layout.flags_form = layout.hidden_flags - 8;
    layout.control = find.of_register(UC_X86_REG_CR3, 0x5000) - 1 - 3 * 8;
    find.expect(layout.idtr, layout.control, UnicornLayout::segment_stride);
    layout.sysenter = find.of_msr(0x174);
    find.expect(layout.sysenter, find.of_msr(0x175), 8);
    find.expect(layout.sysenter, find.of_msr(0x176), 16);
    layout.pat = find.of_msr(0x277);
    auto debug = find.of_register(UC_X86_REG_DR0, 0x5A);
    layout.error_code = debug - 16;
    layout.last_exception = debug + 8 * 8 + 4 * 8;
}

void find_floating_point_state(Finder& find, UnicornLayout& layout)
{
    layout.fpu_status = find.of_register(UC_X86_REG_FPSW, 0x0001);
    layout.fpu_top = find.of_register(UC_X86_REG_FPSW, 0x0801);
    layout.fpu_control = find.of_register(UC_X86_REG_FPCW, 0x037E);
    layout.fpu_empty = find.of_register(UC_X86_REG_FPTAG, 0x0003);
    find.expect(layout.fpu_top, layout.fpu_status, 4);
    find.expect(layout.fpu_top, layout.fpu_control, 6);
    find.expect(layout.fpu_top, layout.fpu_empty, 8);
    layout.mxcsr = find.of_register(UC_X86_REG_MXCSR, 0x1F81);
    std::array<uint64_t, 2> pattern { 0x5A5A5A5A5A5A5A5A, 0x5A5A5A5A5A5A5A5A };
    auto write = [&](int name) {
        return find.changed_by([&] { uc_reg_write(find.engine(), name, pattern.data()); });
    };
    layout.xmm = write(UC_X86_REG_XMM0);
    find.expect(layout.xmm, write(UC_X86_REG_XMM1), UnicornLayout::xmm_stride);
    // TOP is 1 by now, so ST0 is physical register 1.
    layout.fpu_registers = write(UC_X86_REG_ST0) - 16;
    layout.fpu_pointers = layout.fpu_registers + 8 * 16;
}

}

Result<UnicornLayout> find_unicorn_layout()
{
    auto engine = UnicornEngine::create();
    if (!engine)
        return engine.propagate();
    UnicornLayout layout;
    layout.size = uc_context_size(engine->get());
    Finder find(*engine);
    find_integer_state(find, layout);
    find_floating_point_state(find, layout);
    if (!find.ok || layout.last_exception + 4 > layout.size)
        return fail(ExitCode::Unavailable, fmt::format("Unicorn {} keeps its CPU state in an unknown form", unicorn_version()),
            "install libunicorn 2.1.1 (Debian 13: libunicorn2t64)");
    return layout;
}

}
