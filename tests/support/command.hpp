// Runs the `ringside` program as a user does, and looks at what it says.
#pragma once

#include "tests/support/text.hpp"

#include <map>
#include <string>
#include <vector>

namespace ringside::test {

struct ProgramEnd {
    int status = -1; // the exit status; 128 + N when signal N ended it
    std::string output;
    std::string errors;
};

struct Invocation {
    std::vector<std::string> arguments;
    std::string input;
    std::map<std::string, std::string> environment; // in addition; an empty value unsets
    std::string standard_output;                    // a file instead of a pipe that is read; "-" closes it
};

// A program that does not end within a minute is killed: status 128 + 9.
ProgramEnd invoke(const Invocation& invocation);
inline ProgramEnd run_program(std::vector<std::string> arguments)
{
    return invoke({ std::move(arguments), {}, {}, {} });
}

// A directory that is removed with this object.
class Scratch {
public:
    Scratch();
    ~Scratch();
    std::string path(const std::string& name) const { return m_path + "/" + name; }
    std::string write(const std::string& name, const std::string& content) const; // its path
    std::vector<std::string> files() const;

private:
    std::string m_path;
};

std::string content_of(const std::string& path);

}
