// What page faults, mapping changes and process switches of a guest cost when it runs natively, and what the cost is made
// of: the host's signals, its mapping calls, the monitor's own work, and the rest, which is the guest's. And what filling
// around a fault and replacing pages at a load of CR3 are worth, by switching them off. In turns within one run.
//
//     native-operations [--strategy NAME] [--runs N] [--json FILE]
#include "bench/support/guest.hpp"
#include "bench/support/measurement.hpp"
#include "bench/support/table.hpp"
#include "core/machine/machine.hpp"
#include "strategies/native/native_cpu.hpp"

#include <array>
#include <fmt/format.h>

using namespace ringside;

namespace {

constexpr double nano = 1e9;

struct Operation {
    const char* name;
    const char* arguments;
    const char* module; // "" for a workload of the kernel
    double count;
    const char* what;
};

constexpr std::array operations {
    Operation { "faults", "n=20000", "faults", 20000, "page fault served by the guest" },
    Operation { "ptes", "n=50000", "", 50000, "mapping change" },
    Operation { "switches", "n=20000", "switches", 20000, "process switch" },
};

// What a run has used up, at one moment.
struct Ledger {
    double seconds = 0;
    double signals = 0;
    double host_calls = 0;   // how many
    double mapping = 0;      // seconds in them
    double monitor = 0;      // seconds in exits, mapping calls included

    Ledger operator-(const Ledger& other) const
    {
        return { seconds - other.seconds, signals - other.signals, host_calls - other.host_calls, mapping - other.mapping,
            monitor - other.monitor };
    }
};

struct Sample {
    Ledger used;
    double signal_cost = 0; // seconds for one
};

class Run {
public:
    static std::optional<Sample> of(const Operation& operation, const std::string& strategy, VirtualTlbTuning tuning)
    {
        Run run(operation, strategy);
        if (!run.m_machine)
            return std::nullopt;
        run.cpu().virtual_tlb().tuning() = tuning;
        auto result = run.m_machine->run();
        if (result.outcome != Outcome::Success || !run.m_begin || !run.m_end)
            return std::nullopt;
        return Sample { *run.m_end - *run.m_begin, run.seconds(run.block().signal_cost) };
    }

private:
    Run(const Operation& operation, const std::string& strategy)
        : m_trace(std::move(*TraceMemory::create(1024, TickSource::TimeStampCounter, Overflow::Drop)))
    {
        auto folder = build_folder() + "/guests/";
        MachineConfiguration configuration;
        configuration.strategy = find_strategy(strategy);
        bool ported = configuration.strategy->info().guest == GuestKind::Paravirtual;
        configuration.boot.kernel_path = folder + (ported ? "bantam-pv.elf" : "bantam.elf");
        configuration.boot.command_line = fmt::format("run={} bench=1 {}", operation.name, operation.arguments);
        if (*operation.module)
            configuration.boot.modules.push_back({ folder + operation.module + ".elf", "" });
        configuration.console_output = [this](std::string_view text) { take(text); };
        m_trace.block().exact_rings = true; // exits are timed
        auto machine = Machine::create(std::move(configuration), m_trace.block());
        if (machine)
            m_machine = std::move(*machine);
    }

    TraceBlock& block() { return m_trace.block(); }
    NativeCpu& cpu() { return static_cast<NativeCpu&>(m_machine->strategy()); }
    double seconds(uint64_t ticks) { return static_cast<double>(ticks) / static_cast<double>(block().ticks_per_second); }

    void take(std::string_view text)
    {
        for (char c : text) {
            m_line += c;
            if (c != '\n')
                continue;
            if (m_line.starts_with("bench: begin"))
                m_begin = ledger();
            else if (m_line.starts_with("bench: end"))
                m_end = ledger();
            m_line.clear();
        }
    }

    Ledger ledger()
    {
        uint64_t in_exits = 0;
        for (const auto& description : event_descriptions()) {
            if (description.category == EventCategory::Exit && description.kind != EventKind::Halt)
                in_exits += block().counters[static_cast<std::size_t>(description.kind)].total;
        }
        const auto& calls = cpu().window().host_calls();
        return { seconds(__rdtsc()), static_cast<double>(block().signals), static_cast<double>(calls.count),
            seconds(calls.ticks), seconds(in_exits) };
    }

    TraceMemory m_trace;
    std::unique_ptr<Machine> m_machine;
    std::string m_line;
    std::optional<Ledger> m_begin, m_end;
};

struct Variant {
    const char* name;
    VirtualTlbTuning tuning;
};

constexpr std::array variants {
    Variant { "as it is", {} },
    Variant { "without fill-around", { .fill_around = false } },
    Variant { "without replacing at CR3 and INVLPG", { .replace = false } },
};

using Samples = std::array<std::vector<Sample>, variants.size()>;

class Table {
public:
    explicit Table(std::string strategy)
        : m_strategy(std::move(strategy))
    {
    }
    void add(const Operation& operation, const Samples& samples)
    {
        auto of = [&](std::size_t variant, auto part) {
            std::vector<double> values;
            for (const auto& sample : samples[variant])
                values.push_back(part(sample) / operation.count);
            return median(values);
        };
        double whole = of(0, [](const Sample& s) { return s.used.seconds; });
        double signals = of(0, [](const Sample& s) { return s.used.signals; });
        double in_signals = of(0, [](const Sample& s) { return s.used.signals * s.signal_cost; });
        double mapping = of(0, [](const Sample& s) { return s.used.mapping; });
        double calls = of(0, [](const Sample& s) { return s.used.host_calls; });
        double monitor = of(0, [](const Sample& s) { return s.used.monitor; });
        row(fmt::format("{}: {}", m_strategy, operation.what), whole, {});
        row(fmt::format("  host signals, {:.2f} of them", signals), in_signals, whole);
        row(fmt::format("  host mapping calls, {:.2f} of them", calls), mapping, whole);
        row("  the monitor itself: emulation, page walks", std::max(0.0, monitor - mapping), whole);
        row("  the guest, with the host's own page faults", std::max(0.0, whole - in_signals - monitor), whole);
        for (std::size_t variant = 1; variant < variants.size(); ++variant)
            row(fmt::format("  {}", variants[variant].name), of(variant, [](const Sample& s) { return s.used.seconds; }), whole);
    }
    const std::vector<BenchRow>& rows() const { return m_rows; }

private:
    void row(const std::string& what, double value, std::optional<double> whole)
    {
        m_rows.push_back({ .what = what, .value = value * nano, .unit = "ns",
            .against = whole ? std::optional { *whole * nano } : std::nullopt,
            .ratio = whole ? std::optional { value / *whole } : std::nullopt, .cpu_ratio = {}, .floor = {}, .bound = {} });
    }
    std::string m_strategy;
    std::vector<BenchRow> m_rows;
};

std::optional<Samples> measure(const Operation& operation, const BenchOptions& options)
{
    fmt::print(stderr, "bench: {} under {}\n", operation.name, options.strategy);
    Samples samples;
    for (unsigned run = 0; run < options.runs; ++run) {
        for (std::size_t i = 0; i < variants.size(); ++i) {
            auto sample = Run::of(operation, options.strategy, variants[i].tuning);
            if (!sample)
                return std::nullopt;
            samples[i].push_back(*sample);
        }
    }
    return samples;
}

}

int main(int argc, char** argv)
{
    auto options = parse_bench_options({ .program = "native-operations", .strategy = "trap" }, argc, argv);
    if (!options)
        return static_cast<int>(ExitCode::Usage);
    const auto* strategy = find_strategy(options->strategy);
    if (!strategy || !strategy->probe().available) {
        fmt::print(stderr, "native-operations: the strategy {} is not available here\n", options->strategy);
        return static_cast<int>(ExitCode::Unavailable);
    }
    Table table(options->strategy);
    for (const auto& operation : operations) {
        auto samples = measure(operation, *options);
        if (!samples) {
            fmt::print(stderr, "native-operations: {} did not end well\n", operation.name);
            return static_cast<int>(ExitCode::Internal);
        }
        table.add(operation, *samples);
    }
    return show_table(*options, table.rows());
}
