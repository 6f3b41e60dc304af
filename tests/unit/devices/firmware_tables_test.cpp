#include "core/devices/bios_data_area.hpp"
#include "core/devices/mp_table.hpp"
#include "tests/catch.hpp"

#include <map>
#include <string>

using namespace ringside;

namespace {

GuestMemory memory_with_tables()
{
    auto memory = GuestMemory::create(minimum_memory);
    write_mp_table(*memory);
    write_bios_data_area(*memory);
    return std::move(*memory);
}

uint8_t byte_at(const GuestMemory& memory, uint64_t address)
{
    return *memory.read<uint8_t>(Gpa { address });
}

std::string text_at(const GuestMemory& memory, uint64_t address, std::size_t length)
{
    std::string text;
    for (std::size_t i = 0; i < length; ++i)
        text += static_cast<char>(byte_at(memory, address + i));
    return text;
}

uint8_t sum(const GuestMemory& memory, uint64_t address, std::size_t length)
{
    unsigned total = 0;
    for (std::size_t i = 0; i < length; ++i)
        total += byte_at(memory, address + i);
    return static_cast<uint8_t>(total);
}

}

TEST_CASE("a search of the BIOS area finds the MP floating pointer, and it leads to a valid table", "[firmware]")
{
    const auto memory = memory_with_tables();
    uint64_t pointer = 0;
    for (uint64_t address = 0xF0000; address < 0x100000 && pointer == 0; address += 16) {
        if (text_at(memory, address, 4) == "_MP_" && sum(memory, address, 16) == 0)
            pointer = address;
    }
    REQUIRE(pointer != 0);
    CHECK(byte_at(memory, pointer + 8) == 1);
    CHECK(byte_at(memory, pointer + 9) == 4);
    const uint64_t table = *memory.read<uint32_t>(Gpa { pointer + 4 });
    CHECK(text_at(memory, table, 4) == "PCMP");
    CHECK(sum(memory, table, *memory.read<uint16_t>(Gpa { table + 4 })) == 0);
    CHECK(*memory.read<uint32_t>(Gpa { table + 36 }) == 0xFEE00000);
}

TEST_CASE("the MP entries describe one processor, the I/O APIC and every ISA interrupt", "[firmware]")
{
    const auto memory = memory_with_tables();
    const auto table = mp_configuration_table.value;
    const unsigned count = *memory.read<uint16_t>(Gpa { table + 34 });
    std::map<unsigned, unsigned> kinds;
    std::map<unsigned, unsigned> pin_of_irq;
    uint64_t entry = table + 44;
    for (unsigned i = 0; i < count; ++i) {
        const auto kind = byte_at(memory, entry);
        ++kinds[kind];
        if (kind == 0)
            CHECK(byte_at(memory, entry + 3) == 3);
        if (kind == 1)
            CHECK(text_at(memory, entry + 2, 6) == "ISA   ");
        if (kind == 2)
            CHECK(*memory.read<uint32_t>(Gpa { entry + 4 }) == 0xFEC00000);
        if (kind == 3)
            pin_of_irq[byte_at(memory, entry + 5)] = byte_at(memory, entry + 7);
        entry += kind == 0 ? 20 : 8;
    }
    CHECK(entry == table + *memory.read<uint16_t>(Gpa { table + 4 }));
    CHECK(kinds == std::map<unsigned, unsigned> { { 0, 1 }, { 1, 1 }, { 2, 1 }, { 3, 15 }, { 4, 2 } });
    CHECK(pin_of_irq[0] == 2);
    CHECK(pin_of_irq[4] == 4);
    CHECK(pin_of_irq.count(2) == 0);
}

TEST_CASE("the BIOS data area names the serial port, the memory and the screen", "[firmware]")
{
    const auto memory = memory_with_tables();
    const auto word = [&](uint64_t address) { return *memory.read<uint16_t>(Gpa { address }); };
    CHECK(word(0x400) == 0x3F8);
    CHECK(word(0x40E) == 0x9FC0);
    CHECK(word(0x413) == 639);
    CHECK(word(0x44A) == 80);
    CHECK(word(0x463) == 0x3D4);
    CHECK(byte_at(memory, 0x449) == 3);
    CHECK(byte_at(memory, uint64_t { word(0x40E) } * 16) == 1);
}
