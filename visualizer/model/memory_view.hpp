// Guest memory for people, by guest-physical or guest-linear address. Nothing is written, and no accessed flag is set.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ringside::visualizer {

enum class AddressSpace : uint8_t { Linear, Physical };

struct HexRow {
    static constexpr std::size_t length = 16;
    uint32_t address = 0;
    std::array<std::optional<uint8_t>, length> bytes {}; // nothing where no memory is, or no page
    std::array<bool, length> changed {};                 // as compared with the rows before
};

// One byte through the guest's page tables, as ring 0 would read it; nothing where that faults or no RAM answers.
std::optional<uint8_t> byte_at(GuestMemory& memory, const CpuState& state, AddressSpace space, uint32_t address);
// As many bytes from there on as can be read one after the other, at most `most`.
std::vector<uint8_t> bytes_at(GuestMemory& memory, const CpuState& state, Gla address, std::size_t most);

// From `address`, rounded down to a row; stops at 4 GiB.
std::vector<HexRow> hex_rows(GuestMemory& memory, const CpuState& state, AddressSpace space, uint32_t address, std::size_t rows,
    const std::vector<HexRow>* before = nullptr);

std::vector<std::string> lines(const std::vector<HexRow>& rows);

}
