#include "core/devices/vga_text.hpp"

#include "core/verify.hpp"

namespace ringside {

namespace {

constexpr Gpa text_memory { 0xB8000 };
constexpr uint32_t text_memory_size = 32 * 1024;
constexpr uint8_t gray_on_black = 0x07;

// CRT controller registers.
enum : uint8_t { CursorStart = 0x0A, CursorEnd = 0x0B, StartHigh = 0x0C, StartLow = 0x0D, CursorHigh = 0x0E,
    CursorLow = 0x0F, VerticalRetraceEnd = 0x11, LastTiming = 0x07 };
constexpr uint8_t cursor_off = 1 << 5;
constexpr uint8_t protect_timing = 1 << 7;

// Offsets from 0x3C0.
enum : uint32_t { AttributeWrite = 0x0, AttributeRead = 0x1, Miscellaneous = 0x2, SequencerIndex = 0x4,
    SequencerData = 0x5, PaletteMask = 0x6, PaletteReadIndex = 0x7, PaletteWriteIndex = 0x8, PaletteData = 0x9,
    FeatureRead = 0xA, MiscellaneousRead = 0xC, GraphicsIndex = 0xE, GraphicsData = 0xF };

// The registers of BIOS mode 3 at 720 x 400 (IBM VGA XGA Technical Reference, "Mode 3+").
constexpr std::array<uint8_t, 25> crtc_mode_3 { 0x5F, 0x4F, 0x50, 0x82, 0x55, 0x81, 0xBF, 0x1F, 0x00, 0x4F, 0x0D, 0x0E,
    0x00, 0x00, 0x00, 0x00, 0x9C, 0x8E, 0x8F, 0x28, 0x1F, 0x96, 0xB9, 0xA3, 0xFF };
constexpr std::array<uint8_t, 5> sequencer_mode_3 { 0x03, 0x00, 0x03, 0x00, 0x02 };
constexpr std::array<uint8_t, 9> graphics_mode_3 { 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0E, 0x00, 0xFF };
constexpr std::array<uint8_t, 21> attribute_mode_3 { 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3A,
    0x3B, 0x3C, 0x3D, 0x3E, 0x3F, 0x0C, 0x00, 0x0F, 0x08, 0x00 };
constexpr uint8_t miscellaneous_mode_3 = 0x67;

template<typename Registers>
uint8_t get(const Registers& registers, unsigned index)
{
    return index < registers.size() ? registers[index] : 0;
}

template<typename Registers>
void set(Registers& registers, unsigned index, uint8_t value)
{
    if (index < registers.size())
        registers[index] = value;
}

uint16_t next_component(uint16_t component)
{
    return static_cast<uint16_t>((component + 1) % 768);
}

}

VgaText::VgaText(GuestMemory& memory)
    : m_memory(memory)
{
    m_state.crtc = crtc_mode_3;
    m_state.sequencer = sequencer_mode_3;
    m_state.graphics = graphics_mode_3;
    m_state.attribute = attribute_mode_3;
    m_state.miscellaneous = miscellaneous_mode_3;
}

uint32_t VgaText::read(unsigned region, uint32_t offset, unsigned)
{
    if (region == 0)
        return read_legacy(offset);
    if (region == 2)
        return read_status();
    return offset == 0 ? m_state.crtc_index : get(m_state.crtc, m_state.crtc_index);
}

void VgaText::write(unsigned region, uint32_t offset, unsigned, uint32_t value)
{
    const auto byte = static_cast<uint8_t>(value);
    if (region == 0)
        write_legacy(offset, byte);
    else if (region == 2)
        m_state.feature_control = byte;
    else if (offset == 0)
        m_state.crtc_index = byte;
    else
        write_crtc(byte);
}

// Bit 7 of register 0x11 protects the timing registers 0..7, but for the line compare bit in register 7.
void VgaText::write_crtc(uint8_t value)
{
    constexpr uint8_t line_compare = 1 << 4;
    const auto index = m_state.crtc_index;
    if (index <= LastTiming && m_state.crtc[VerticalRetraceEnd] & protect_timing) {
        if (index == LastTiming)
            m_state.crtc[index] = static_cast<uint8_t>((m_state.crtc[index] & ~line_compare) | (value & line_compare));
        return;
    }
    set(m_state.crtc, index, value);
}

// Programs wait for the retrace bits to change, either way: they do, with every read. Reading also makes port 0x3C0
// expect an index.
uint8_t VgaText::read_status()
{
    constexpr uint8_t display_disabled = 1 << 0, vertical_retrace = 1 << 3;
    m_state.attribute_data_next = false;
    m_state.retrace ^= display_disabled | vertical_retrace;
    return m_state.retrace;
}

uint8_t VgaText::read_legacy(uint32_t offset)
{
    switch (offset) {
    case AttributeWrite: return m_state.attribute_index;
    case AttributeRead: return get(m_state.attribute, m_state.attribute_index & 0x1F);
    case Miscellaneous: return 0x10; // input status 0: a monitor is there
    case SequencerIndex: return m_state.sequencer_index;
    case SequencerData: return get(m_state.sequencer, m_state.sequencer_index);
    case PaletteMask: return m_state.palette_mask;
    case PaletteReadIndex: return m_state.palette_reading ? 3 : 0;
    case PaletteWriteIndex: return static_cast<uint8_t>(m_state.palette_write / 3);
    case PaletteData: return read_palette();
    case FeatureRead: return m_state.feature_control;
    case MiscellaneousRead: return m_state.miscellaneous;
    case GraphicsIndex: return m_state.graphics_index;
    case GraphicsData: return get(m_state.graphics, m_state.graphics_index);
    default: return 0xFF;
    }
}

void VgaText::write_legacy(uint32_t offset, uint8_t value)
{
    switch (offset) {
    case AttributeWrite: return write_attribute(value);
    case Miscellaneous: m_state.miscellaneous = value; return;
    case SequencerIndex: m_state.sequencer_index = value; return;
    case SequencerData: set(m_state.sequencer, m_state.sequencer_index, value); return;
    case PaletteMask: m_state.palette_mask = value; return;
    case PaletteReadIndex:
        m_state.palette_read = static_cast<uint16_t>(value * 3);
        m_state.palette_reading = true;
        return;
    case PaletteWriteIndex:
        m_state.palette_write = static_cast<uint16_t>(value * 3);
        m_state.palette_reading = false;
        return;
    case PaletteData: return write_palette(value);
    case GraphicsIndex: m_state.graphics_index = value; return;
    case GraphicsData: set(m_state.graphics, m_state.graphics_index, value); return;
    default: return;
    }
}

// Port 0x3C0 takes index and data in turns.
void VgaText::write_attribute(uint8_t value)
{
    if (m_state.attribute_data_next)
        set(m_state.attribute, m_state.attribute_index & 0x1F, value);
    else
        m_state.attribute_index = value & 0x3F;
    m_state.attribute_data_next = !m_state.attribute_data_next;
}

uint8_t VgaText::read_palette()
{
    const auto value = m_state.palette[m_state.palette_read];
    m_state.palette_read = next_component(m_state.palette_read);
    return value;
}

void VgaText::write_palette(uint8_t value)
{
    m_state.palette[m_state.palette_write] = value & 0x3F;
    m_state.palette_write = next_component(m_state.palette_write);
}

VgaTextSnapshot VgaText::snapshot() const
{
    VgaTextSnapshot screen;
    const auto text = m_memory.bytes(text_memory, text_memory_size);
    VERIFY(!text.empty());
    const auto& crtc = m_state.crtc;
    const uint32_t start = static_cast<uint32_t>(crtc[StartHigh] << 8 | crtc[StartLow]);
    for (uint32_t i = 0; i < screen.cells.size(); ++i) {
        const auto offset = 2 * (start + i) % text_memory_size;
        screen.cells[i] = { std::to_integer<uint8_t>(text[offset]), std::to_integer<uint8_t>(text[offset + 1]) };
    }
    // The cursor's address counts from the beginning of the memory, and may lie outside the screen.
    const uint32_t cursor = static_cast<uint32_t>(crtc[CursorHigh] << 8 | crtc[CursorLow]) - start;
    const bool has_shape = (crtc[CursorStart] & 0x1F) <= (crtc[CursorEnd] & 0x1F);
    screen.cursor_visible = cursor < screen.cells.size() && has_shape && !(crtc[CursorStart] & cursor_off);
    if (cursor < screen.cells.size()) {
        screen.cursor_column = cursor % VgaTextSnapshot::columns;
        screen.cursor_row = cursor / VgaTextSnapshot::columns;
    }
    return screen;
}

void VgaText::clear_screen()
{
    auto text = m_memory.bytes(text_memory, text_memory_size);
    VERIFY(!text.empty());
    for (std::size_t i = 0; i < text.size(); i += 2) {
        text[i] = std::byte { ' ' };
        text[i + 1] = std::byte { gray_on_black };
    }
}

std::vector<RegisterView> VgaText::registers() const
{
    const auto& crtc = m_state.crtc;
    return {
        { "start address", static_cast<uint64_t>(crtc[StartHigh] << 8 | crtc[StartLow]), 16, "in characters" },
        { "cursor address", static_cast<uint64_t>(crtc[CursorHigh] << 8 | crtc[CursorLow]), 16, "in characters" },
        { "cursor start", crtc[CursorStart], 8, crtc[CursorStart] & cursor_off ? "cursor off" : "cursor on" },
        { "cursor end", crtc[CursorEnd], 8, {} },
        { "CRTC index", m_state.crtc_index, 8, {} },
        { "miscellaneous", m_state.miscellaneous, 8, {} },
        { "attribute index", m_state.attribute_index, 8, {} },
        { "sequencer index", m_state.sequencer_index, 8, {} },
        { "graphics index", m_state.graphics_index, 8, {} },
    };
}

}
