#include "core/devices/pic.hpp"

#include "core/verify.hpp"

#include <fmt/format.h>

#include <optional>

namespace ringside {

namespace {

constexpr unsigned cascade_line = 2;
constexpr unsigned spurious_line = 7;
// The lines that have an edge/level bit; timer, keyboard, cascade, clock and coprocessor are always edges.
constexpr std::array<uint8_t, 2> level_writable { 0xF8, 0xDE };

uint8_t bit_of(unsigned line)
{
    return static_cast<uint8_t>(1u << line);
}

// The line with the highest priority among `bits`: priorities go round from the one after the lowest (8259A,
// "Rotating priority").
std::optional<unsigned> first_by_priority(const Pic8259State& chip, unsigned bits)
{
    for (unsigned i = 1; i <= 8; ++i) {
        const unsigned line = (chip.lowest_priority + i) % 8;
        if (bits & bit_of(line))
            return line;
    }
    return std::nullopt;
}

unsigned rank(const Pic8259State& chip, unsigned line)
{
    return (line - chip.lowest_priority - 1u) % 8;
}

// The request that the chip would answer an acknowledge with: unmasked, and above everything in service. `slaves` are
// the lines that lead to other chips.
std::optional<unsigned> pending(const Pic8259State& chip, uint8_t slaves)
{
    const auto candidate = first_by_priority(chip, chip.request & ~chip.mask);
    if (!candidate || chip.next_word != 0)
        return std::nullopt;
    // In special mask mode a masked line does not hold up the others, though it is in service.
    const unsigned blocking = chip.special_mask ? chip.in_service & ~chip.mask : chip.in_service;
    const auto served = first_by_priority(chip, blocking);
    if (!served || rank(chip, *candidate) < rank(chip, *served))
        return candidate;
    // Special fully nested mode: the slave may interrupt its own service with a higher request.
    if (chip.special_fully_nested && *candidate == *served && bit_of(*candidate) & slaves)
        return candidate;
    return std::nullopt;
}

void set_chip_line(Pic8259State& chip, unsigned line, bool level)
{
    const auto bit = bit_of(line);
    if (level && !(chip.lines & bit))
        chip.request |= bit;
    if (!level)
        chip.request = static_cast<uint8_t>(chip.request & ~bit);
    chip.lines = static_cast<uint8_t>(level ? chip.lines | bit : chip.lines & ~bit);
}

void follow_levels(Pic8259State& chip)
{
    chip.request = static_cast<uint8_t>((chip.request & ~chip.level) | (chip.lines & chip.level));
}

// One chip's part of an acknowledge: marks `line` in service.
void take(Pic8259State& chip, unsigned line)
{
    chip.request = static_cast<uint8_t>(chip.request & ~bit_of(line));
    follow_levels(chip);
    if (!chip.auto_eoi)
        chip.in_service |= bit_of(line);
    else if (chip.rotate_on_auto_eoi)
        chip.lowest_priority = static_cast<uint8_t>(line);
}

// ICW1 resets everything but the vector base and the edge/level register. An edge must come anew to be a request.
void begin_initialization(Pic8259State& chip, uint8_t word)
{
    Pic8259State fresh;
    fresh.lines = chip.lines;
    fresh.level = chip.level;
    fresh.vector_base = chip.vector_base;
    fresh.cascade = chip.cascade;
    fresh.mask = 0;
    fresh.next_word = 2;
    fresh.needs_word_4 = word & 0x01;
    fresh.single = word & 0x02;
    chip = fresh;
    follow_levels(chip);
}

void write_initialization(Pic8259State& chip, uint8_t word)
{
    const unsigned after_word_3 = chip.needs_word_4 ? 4 : 0;
    switch (chip.next_word) {
    case 2:
        chip.vector_base = word & 0xF8;
        chip.next_word = static_cast<uint8_t>(chip.single ? after_word_3 : 3);
        break;
    case 3:
        chip.cascade = word;
        chip.next_word = static_cast<uint8_t>(after_word_3);
        break;
    default:
        chip.auto_eoi = word & 0x02;
        chip.special_fully_nested = word & 0x10;
        chip.next_word = 0;
        break;
    }
}

//  OCW2:  7 rotate | 6 specific | 5 EOI | 4..3 zero | 2..0 line
void write_end_of_interrupt(Pic8259State& chip, uint8_t word)
{
    const bool rotate = word & 0x80;
    const bool specific = word & 0x40;
    const bool eoi = word & 0x20;
    std::optional<unsigned> line = word & 7u;
    if (!specific) {
        if (!eoi) {
            chip.rotate_on_auto_eoi = rotate;
            return;
        }
        // A non-specific EOI leaves masked lines alone in special mask mode.
        line = first_by_priority(chip, chip.special_mask ? chip.in_service & ~chip.mask : chip.in_service);
    }
    if (!line)
        return;
    if (eoi)
        chip.in_service = static_cast<uint8_t>(chip.in_service & ~bit_of(*line));
    if (rotate)
        chip.lowest_priority = static_cast<uint8_t>(*line);
}

//  OCW3:  6 set special mask | 5 special mask | 3 one | 2 poll | 1 set read | 0 read ISR
void write_mode(Pic8259State& chip, uint8_t word)
{
    if (word & 0x40)
        chip.special_mask = word & 0x20;
    if (word & 0x04)
        chip.poll = true;
    else if (word & 0x02)
        chip.read_in_service = word & 0x01;
}

}

Pic::Pic(InterruptLine output)
    : m_output(output)
{
    // Where a BIOS leaves the vectors, everything masked.
    m_state.chips[0].vector_base = 0x08;
    m_state.chips[1].vector_base = 0x70;
    m_state.chips[0].cascade = bit_of(cascade_line);
    m_state.chips[1].cascade = cascade_line;
}

void Pic::set_line(unsigned irq, bool level)
{
    VERIFY(irq < 16);
    if (irq == cascade_line)
        return;
    set_chip_line(m_state.chips[irq / 8], irq % 8, level);
    update();
}

uint8_t Pic::acknowledge()
{
    auto& master = m_state.chips[0];
    auto& slave = m_state.chips[1];
    const auto line = pending(master, master.cascade);
    uint8_t vector = static_cast<uint8_t>(master.vector_base + line.value_or(spurious_line));
    if (line)
        take(master, *line);
    if (line == cascade_line) {
        const auto slave_line = pending(slave, 0);
        vector = static_cast<uint8_t>(slave.vector_base + slave_line.value_or(spurious_line));
        if (slave_line)
            take(slave, *slave_line);
        // The slave's output falls with the acknowledge, so that a further request is a new edge for the master.
        set_chip_line(master, cascade_line, false);
    }
    update();
    return vector;
}

void Pic::update()
{
    auto& master = m_state.chips[0];
    set_chip_line(master, cascade_line, pending(m_state.chips[1], 0).has_value());
    m_output_level = pending(master, master.cascade).has_value();
    m_output.set(m_output_level);
}

uint32_t Pic::read(unsigned region, uint32_t offset, unsigned)
{
    if (region == 2)
        return m_state.chips[offset].level;
    const auto value = read_port(m_state.chips[region], offset);
    update();
    return value;
}

uint8_t Pic::read_port(Pic8259State& chip, uint32_t offset)
{
    if (chip.poll) {
        // A poll is an acknowledge by software: 0x80 and the line, or nothing.
        chip.poll = false;
        const bool is_slave = &chip == &m_state.chips[1];
        const auto line = pending(chip, is_slave ? 0 : chip.cascade);
        if (!line)
            return 0;
        take(chip, *line);
        if (is_slave)
            set_chip_line(m_state.chips[0], cascade_line, false);
        return static_cast<uint8_t>(0x80 | *line);
    }
    if (offset == 1)
        return chip.mask;
    return chip.read_in_service ? chip.in_service : chip.request;
}

void Pic::write(unsigned region, uint32_t offset, unsigned, uint32_t value)
{
    if (region == 2) {
        auto& chip = m_state.chips[offset];
        chip.level = static_cast<uint8_t>(value & level_writable[offset]);
        follow_levels(chip);
    } else if (offset == 0) {
        write_command(m_state.chips[region], static_cast<uint8_t>(value));
    } else {
        write_data(m_state.chips[region], static_cast<uint8_t>(value));
    }
    update();
}

void Pic::write_command(Pic8259State& chip, uint8_t value)
{
    if (value & 0x10)
        begin_initialization(chip, value);
    else if (value & 0x08)
        write_mode(chip, value);
    else
        write_end_of_interrupt(chip, value);
}

void Pic::write_data(Pic8259State& chip, uint8_t value)
{
    if (chip.next_word != 0)
        write_initialization(chip, value);
    else
        chip.mask = value;
}

std::vector<RegisterView> Pic::registers() const
{
    std::vector<RegisterView> rows;
    for (unsigned i = 0; i < 2; ++i) {
        const auto& chip = m_state.chips[i];
        const auto row = [&](const char* name, uint64_t value, const char* meaning) {
            rows.push_back({ fmt::format("{} {}", i ? "slave" : "master", name), value, 8, meaning });
        };
        row("IRR", chip.request, "requested");
        row("ISR", chip.in_service, "in service");
        row("IMR", chip.mask, "masked");
        row("lines", chip.lines, "asserted");
        row("ELCR", chip.level, "level-triggered");
        row("vector base", chip.vector_base, chip.auto_eoi ? "automatic EOI" : "");
        row("lowest priority", chip.lowest_priority, chip.special_mask ? "special mask mode" : "");
    }
    return rows;
}

}
