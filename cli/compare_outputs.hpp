// The files that a comparison is written to.
#pragma once

#include "cli/compare_plan.hpp"
#include "cli/output.hpp"
#include "core/session/comparison.hpp"

#include <array>
#include <string>

namespace ringside {

class CompareOutputs {
public:
    // Finds out now what cannot be written. Usage when two are the same file.
    static Result<CompareOutputs> prepare(const CompareOptions& options);

    // True when one of them goes to standard output ("-"), which then shows nothing else.
    bool takes_standard_output() const;
    // The first that cannot be written; the others are.
    Result<void> write(const Comparison& comparison);

private:
    struct Output {
        std::string (*format)(const Comparison&) = nullptr;
        std::string path;
        OutputFile file;
    };
    std::array<Output, 4> m_outputs;
};

}
