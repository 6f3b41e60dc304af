#include "core/x86/cpuid.hpp"

#include <string_view>

namespace ringside {

namespace {

// Four characters as a register holds them: the first in the low byte.
constexpr uint32_t packed(std::string_view text, unsigned at)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i) {
        auto character = at + i < text.size() ? static_cast<uint8_t>(text[at + i]) : uint8_t { 0 };
        value |= uint32_t { character } << (8 * i);
    }
    return value;
}

constexpr std::string_view vendor = "RingsideLab ";
constexpr std::string_view hypervisor = "RingsideRing";
constexpr std::string_view brand = "Ringside virtual CPU"; // at most 47 characters
static_assert(vendor.size() == 12 && hypervisor.size() == 12 && brand.size() < 48);

// Leaf 1 EDX (SDM 2A table 3-11). Left out: VME and DE, because not every strategy has them; PSE-36; MCE and MCA; MTRR.
namespace feature {
constexpr uint32_t fpu = 1 << 0, pse = 1 << 3, tsc = 1 << 4, msr = 1 << 5, pae = 1 << 6, cx8 = 1 << 8, apic = 1 << 9,
                   sep = 1 << 11, pge = 1 << 13, cmov = 1 << 15, pat = 1 << 16, mmx = 1 << 23, fxsr = 1 << 24,
                   sse = 1 << 25, sse2 = 1 << 26;
constexpr uint32_t all = fpu | pse | tsc | msr | pae | cx8 | apic | sep | pge | cmov | pat | mmx | fxsr | sse | sse2;
}
constexpr uint32_t hypervisor_present = 1u << 31; // leaf 1 ECX: no processor sets it, monitors do

constexpr uint32_t family_6 = 0x660; // family 6, model 6, stepping 0 (SDM 2A figure 3-6)

struct Row {
    uint32_t leaf;
    CpuidResult result;
};

constexpr CpuidResult brand_part(unsigned at)
{
    return { packed(brand, at), packed(brand, at + 4), packed(brand, at + 8), packed(brand, at + 12) };
}

constexpr Row table[] = {
    { 0x00000000, { 1, packed(vendor, 0), packed(vendor, 8), packed(vendor, 4) } }, // EBX EDX ECX spell the name
    { 0x00000001, { family_6, 0, hypervisor_present, feature::all } },
    { 0x40000000, { 0x40000000, packed(hypervisor, 0), packed(hypervisor, 4), packed(hypervisor, 8) } },
    { 0x80000000, { 0x80000004, 0, 0, 0 } }, // no leaf 80000008h: 36 physical bits, 32 linear ones
    { 0x80000001, { 0, 0, 0, 0 } }, // neither NX nor long mode
    { 0x80000002, brand_part(0) },
    { 0x80000003, brand_part(16) },
    { 0x80000004, brand_part(32) },
};

}

CpuidResult cpuid(uint32_t leaf, uint32_t)
{
    for (const auto& row : table) {
        if (row.leaf == leaf)
            return row.result;
    }
    return {};
}

}
