// What panels that show a snapshot share.
#pragma once

#include "visualizer/app/laboratory.hpp"

#include <string>
#include <vector>

namespace ringside::visualizer {

struct Models;

// Of the chosen run; null if there is none yet.
const GuestSnapshot* snapshot_of(const Models& models);
const GuestSnapshot* earlier_snapshot_of(const Models& models);
GuestMemory* memory_of(const Models& models);
// One line: of what moment the snapshot is, or why there is none.
std::string snapshot_words(const Models& models);
std::string joined(const std::vector<std::string>& lines);

}
