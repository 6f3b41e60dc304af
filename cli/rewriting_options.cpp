#include "cli/rewriting_options.hpp"

#include <map>
#include <string>

namespace ringside {

void add_rewriting_options(CLI::App& command, StrategyOptions& options)
{
    const std::map<std::string, UserCode> user_codes { { "rewritten", UserCode::Rewritten }, { "direct", UserCode::Direct } };
    command
        .add_option("--user", options.user_code,
            "What becomes of ring 3's code under rewriting:\nrewritten (default), or direct: it runs as it is")
        ->option_text("KIND")
        ->transform(CLI::CheckedTransformer(user_codes).description(""));
    const std::map<std::string, TimeStampReading> readings { { "native", TimeStampReading::Native },
        { "inline", TimeStampReading::Inline }, { "callout", TimeStampReading::Callout }, { "trap", TimeStampReading::Trap } };
    command
        .add_option("--rdtsc", options.time_stamp,
            "What becomes of RDTSC under rewriting: native\n(default; it is copied), inline, callout, or trap")
        ->option_text("KIND")
        ->transform(CLI::CheckedTransformer(readings).description(""));
}

}
