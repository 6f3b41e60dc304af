// Traces made by the ringside program under the virtual clock, and their normalized text.
#pragma once

#include "core/trace/trace_file.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace ringside::test {

// Runs `ringside run ARGUMENTS --clock virtual --trace FILE` and returns the exit status.
int record(const std::string& arguments, const std::filesystem::path& trace);

std::vector<EventRecord> read_trace(const std::filesystem::path& trace);

// JSON lines of the first `count` events that say the same whichever compiler built the guest: without times, addresses
// and instruction pointers, and without the events that come by the clock alone.
std::string normalized(const std::vector<EventRecord>& events, std::size_t count);

std::string read_file(const std::filesystem::path& path);
std::filesystem::path kernels_directory();

// A file name in a directory that is removed with this object.
class ScratchDirectory {
public:
    ScratchDirectory();
    ~ScratchDirectory();
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;
    std::filesystem::path operator/(const std::string& name) const { return m_path / name; }

private:
    std::filesystem::path m_path;
};

}
