// Where results go: standard output, and files that the user names.
#pragma once

#include "core/result.hpp"

#include <string>
#include <string_view>

namespace ringside {

// Makes sure that the numbers 0, 1 and 2 are taken, so that no file of ours gets one of them by accident: what was
// closed when the program was started can neither be read nor written afterwards.
void occupy_standard_descriptors();

// All of it, or why not: "standard output: No space left on device".
Result<void> write_standard_output(std::string_view text);
// Writes a command's whole answer; returns the exit code.
int answer(std::string_view text);
// The error after a write to standard output failed with `error`.
Unexpected output_failure(int error);

// A file that a command will write later. prepare() finds out now whether that is possible, before any work is done. A
// file that did not exist before is removed again unless the command calls keep().
class OutputFile {
public:
    static Result<OutputFile> prepare(const std::string& path);

    OutputFile() = default;
    OutputFile(OutputFile&& other) noexcept;
    OutputFile& operator=(OutputFile&& other) noexcept;
    ~OutputFile();

    bool wanted() const { return !m_path.empty(); }
    const std::string& path() const { return m_path; }
    // Replaces the file's content. Keeps the file.
    Result<void> write(std::string_view content);
    void keep() { m_is_new = false; }

private:
    std::string m_path; // "" when there is nothing to write
    bool m_is_new = false;
};

}
