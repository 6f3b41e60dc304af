// A GuestSnapshot on its way from a worker: one sequence of bytes, sent in as many Snapshot messages as it takes.
#pragma once

#include "core/machine/guest_snapshot.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace ringside {

inline constexpr std::size_t longest_snapshot = 4u << 20;

// One with more code than fits is sent without its code.
std::vector<std::byte> encode(const GuestSnapshot& snapshot);
// Trusts nothing: texts are lines, runs are ascending and lie in the address space, no register is wider than 64 bits. What
// the registers hold may still be nonsense. Nothing is returned for what is no snapshot.
std::optional<GuestSnapshot> decode_snapshot(std::span<const std::byte> bytes);

}
