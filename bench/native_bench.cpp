// What leaving a natively running guest costs, against the host's own prices, measured in the same run in turns.
//
//     native-bench [--runs N] [--json FILE]
//
// Exit code 1: a bound is missed.
#include "bench/support/host_prices.hpp"
#include "bench/support/small_guest.hpp"
#include "bench/support/table.hpp"

#include <array>
#include <fmt/format.h>

using namespace ringside;

namespace {

constexpr uint32_t count = 20000;
constexpr double nano = 1e9;

struct Measured {
    const char* what;
    std::initializer_list<uint8_t> body;
    double operations;           // an iteration
    std::optional<double> bound; // of a bare signal
};

const std::array measured {
    Measured { "trap: one privileged instruction (CLI)", { 0xFA, 0x90 }, 1, 1.15 },
    Measured { "trap: each of four in a row (CLI)", { 0xFA, 0xFA, 0xFA, 0xFA, 0x90 }, 4, 0.35 },
    Measured { "trap: MOV from CR0", { 0x0F, 0x20, 0xC0, 0x90 }, 1, {} },
    Measured { "trap: OUT to port 0x80", { 0xE6, 0x80, 0x90 }, 1, {} },
};

class Bench {
public:
    explicit Bench(const StrategyEntry& trap)
        : m_trap(trap)
    {
    }

    // One turn: the host's prices and each guest once. False if a guest did not get to its end.
    bool run()
    {
        m_system_call.push_back(bare_system_call(count).wall);
        for (std::size_t i = 0; i < measured.size(); ++i) {
            m_signal[i].push_back(bare_signal(count));
            auto seconds = seconds_of(measured[i]);
            if (!seconds)
                return false;
            m_guest[i].push_back(*seconds / count / measured[i].operations);
        }
        return true;
    }

    std::vector<BenchRow> rows() const
    {
        std::vector<BenchRow> rows { { .what = "host: getppid()", .value = median(m_system_call) * nano, .unit = "ns",
            .against = {}, .ratio = {}, .cpu_ratio = {}, .floor = {}, .bound = {} } };
        for (std::size_t i = 0; i < measured.size(); ++i) {
            double value = median(m_guest[i]), floor = median(m_signal[i]);
            rows.push_back({ .what = measured[i].what, .value = value * nano, .unit = "ns", .against = floor * nano,
                .ratio = value / floor, .cpu_ratio = {}, .floor = {}, .bound = measured[i].bound });
        }
        return rows;
    }

private:
    std::optional<double> seconds_of(const Measured& one) const
    {
        auto guest = SmallGuest::create(m_trap, counted_loop(one.body));
        if (!guest)
            return std::nullopt;
        (void)(*guest)->run(100); // what the first executions cost alone
        return (*guest)->run(count);
    }

    const StrategyEntry& m_trap;
    std::vector<double> m_system_call;
    std::array<std::vector<double>, measured.size()> m_signal, m_guest;
};

}

int main(int argc, char** argv)
{
    auto options = parse_bench_options({ "native-bench" }, argc, argv);
    if (!options)
        return static_cast<int>(ExitCode::Usage);
    const auto* trap = find_strategy("trap");
    if (auto availability = trap->probe(); !availability.available) {
        fmt::print(stderr, "native-bench: trap is not available here: {}\n", availability.detail);
        return static_cast<int>(ExitCode::Unavailable);
    }
    Bench bench(*trap);
    for (unsigned run = 0; run < options->runs; ++run) {
        if (!bench.run())
            return static_cast<int>(ExitCode::Internal);
    }
    return show_table(*options, bench.rows());
}
