#include "core/x86/cpuid.hpp"

#include "tests/catch.hpp"

#include <cstring>
#include <string>

using namespace ringside;

namespace {

std::string text(std::initializer_list<uint32_t> registers)
{
    std::string result;
    for (uint32_t value : registers)
        result.append(reinterpret_cast<const char*>(&value), 4);
    return result;
}

}

TEST_CASE("Leaf 0 names the vendor and the highest leaf", "[cpuid]")
{
    auto leaf = cpuid(0, 0);
    CHECK(leaf.eax == 1);
    CHECK(text({ leaf.ebx, leaf.edx, leaf.ecx }) == "RingsideLab ");
}

TEST_CASE("Leaf 1 offers what every strategy has, and nothing else", "[cpuid]")
{
    auto leaf = cpuid(1, 0);
    CHECK((leaf.eax >> 8 & 0xF) == 6);
    for (unsigned bit : { 0, 3, 4, 5, 6, 8, 9, 11, 13, 15, 16, 23, 24, 25, 26 })
        CHECK((leaf.edx >> bit & 1) == 1);
    CHECK((leaf.edx & ~0x0781AB79u) == 0); // no VME, DE, MCE, MTRR, MCA, PSE-36, CLFLUSH
    CHECK(leaf.ecx == 0x80000000);         // a hypervisor and nothing beyond SSE2: no MONITOR, no x2APIC
}

TEST_CASE("The hypervisor leaf carries a signature", "[cpuid]")
{
    auto leaf = cpuid(0x40000000, 0);
    CHECK(text({ leaf.ebx, leaf.ecx, leaf.edx }) == "RingsideRing");
}

TEST_CASE("The brand string is spelled by three leaves and ends with zeros", "[cpuid]")
{
    std::string brand;
    for (uint32_t number = 0x80000002; number <= 0x80000004; ++number) {
        auto leaf = cpuid(number, 0);
        brand += text({ leaf.eax, leaf.ebx, leaf.ecx, leaf.edx });
    }
    CHECK(brand.size() == 48);
    CHECK(brand.substr(0, 21) == std::string("Ringside virtual CPU\0", 21));
}

TEST_CASE("Extended leaves offer neither NX nor long mode, and end before the widths of addresses", "[cpuid]")
{
    CHECK(cpuid(0x80000000, 0).eax == 0x80000004);
    CHECK(cpuid(0x80000001, 0) == CpuidResult {});
    CHECK(physical_address_bits == 36); // what a guest concludes
}

TEST_CASE("Leaves that do not exist are empty, whatever the subleaf", "[cpuid]")
{
    for (uint32_t leaf : { 2u, 4u, 7u, 0xDu, 0x40000001u, 0x80000008u, 0xFFFFFFFFu })
        CHECK(cpuid(leaf, 1) == CpuidResult {});
    CHECK(cpuid(1, 7) == cpuid(1, 0));
}
