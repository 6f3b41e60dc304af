#include "core/devices/bios_data_area.hpp"

#include "core/verify.hpp"

namespace ringside {

namespace {

constexpr uint32_t extended_bios_data_area = 0x9FC00;

struct Field {
    uint32_t address;
    unsigned size;
    uint16_t value;
};

constexpr Field fields[] = {
    { 0x400, 2, 0x03F8 },                  // COM1
    { 0x40E, 2, extended_bios_data_area >> 4 }, // as a segment
    { 0x410, 2, 0x0222 },                  // equipment: coprocessor, 80 x 25 color, one serial port
    { 0x413, 2, conventional_memory_kib },
    { 0x449, 1, 0x03 },                    // video mode: 80 x 25 color text
    { 0x44A, 2, 80 },                      // columns
    { 0x44C, 2, 4096 },                    // bytes of a video page
    { 0x460, 2, 0x0D0E },                  // cursor shape
    { 0x463, 2, 0x03D4 },                  // CRT controller port
    { 0x465, 1, 0x29 },                    // mode control register: text, 80 columns, on
    { 0x484, 1, 24 },                      // rows - 1
    { 0x485, 2, 16 },                      // character height
    { extended_bios_data_area, 1, 1 },     // its size in KiB
};

}

void write_bios_data_area(GuestMemory& memory)
{
    for (const auto& field : fields) {
        const bool written = field.size == 1 ? memory.write(Gpa { field.address }, static_cast<uint8_t>(field.value))
                                             : memory.write(Gpa { field.address }, field.value);
        VERIFY(written);
    }
}

}
