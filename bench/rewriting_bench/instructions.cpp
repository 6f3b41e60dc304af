// Single instructions of ring 0, against what the host asks for a signal.
#include "bench/rewriting_bench/groups.hpp"
#include "bench/support/host_prices.hpp"
#include "bench/support/small_guest.hpp"

#include <array>
#include <fmt/format.h>

namespace ringside::bench {

namespace {

constexpr double nano = 1e9;
constexpr uint32_t signals = 20'000, warm_up = 1000;

struct Measured {
    const char* what;
    std::initializer_list<uint8_t> body;
    uint32_t count;
    double operations; // an iteration
    std::optional<double> bound = {}; // of a bare signal
};

// WBINVD is the plainest call of the monitor: it asks for nothing (SDM 2C "WBINVD").
const std::array measured {
    Measured { "rewriting: CLI and STI, of a signal", { 0xFB, 0xFA, 0xFB, 0xFA }, 10'000'000, 2, 1.0 / 500 },
    Measured { "rewriting: a callout (WBINVD), of a signal", { 0x0F, 0x09 }, 300'000, 1, 1.0 / 15 },
    Measured { "rewriting: OUT to port 0x80, of a signal", { 0xE6, 0x80 }, 300'000, 1 },
};

Result<double> seconds_of(const Measured& one)
{
    auto guest = SmallGuest::create(*find_strategy("rewriting"), counted_loop(one.body));
    if (!guest)
        return guest.propagate();
    (void)(*guest)->run(warm_up); // what the first executions cost alone
    auto seconds = (*guest)->run(one.count);
    if (!seconds)
        return fail(ExitCode::Internal, fmt::format("{}: the guest did not get to its end", one.what));
    return *seconds / one.count / one.operations;
}

}

Rows measure_instructions(const BenchOptions& options)
{
    std::array<std::vector<double>, measured.size()> signal, guest;
    for (unsigned run = 0; run < options.runs; ++run) {
        for (std::size_t i = 0; i < measured.size(); ++i) {
            signal[i].push_back(bare_signal(signals));
            auto seconds = seconds_of(measured[i]);
            if (!seconds)
                return seconds.propagate();
            guest[i].push_back(*seconds);
        }
    }
    std::vector<BenchRow> rows;
    for (std::size_t i = 0; i < measured.size(); ++i) {
        double value = median(guest[i]), against = median(signal[i]);
        rows.push_back({ .what = measured[i].what, .value = value * nano, .unit = "ns", .against = against * nano,
            .ratio = value / against, .cpu_ratio = {}, .floor = {}, .bound = measured[i].bound });
    }
    return rows;
}

}
