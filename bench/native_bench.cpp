// What leaving a natively running guest costs, against the host's own prices, measured in the same run in turns.
//
//     native-bench [--runs N] [--json FILE]
//
// Exit code 1: a bound is missed.
#include "bench/support/measurement.hpp"
#include "bench/support/small_guest.hpp"
#include "bench/support/table.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fmt/format.h>
#include <string_view>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

using namespace ringside;

namespace {

constexpr uint32_t count = 20000;
constexpr double nano = 1e9;

double seconds_since(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The floor: a handler that does nothing but skip the instruction, in an ordinary 64-bit program.
void skip_hlt(int, siginfo_t*, void* context)
{
    ++static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP];
}

double bare_signal()
{
    struct sigaction action {}, before {};
    action.sa_sigaction = skip_hlt;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSEGV, &action, &before);
    auto start = std::chrono::steady_clock::now();
    for (uint32_t i = 0; i < count; ++i)
        __asm__ volatile("hlt");
    double seconds = seconds_since(start);
    sigaction(SIGSEGV, &before, nullptr);
    return seconds / count;
}

double bare_system_call()
{
    auto start = std::chrono::steady_clock::now();
    for (uint32_t i = 0; i < count; ++i)
        syscall(SYS_getppid);
    return seconds_since(start) / count;
}

// A loop of `body`, and HLT.
std::vector<uint8_t> loop_of(std::initializer_list<uint8_t> body)
{
    std::vector<uint8_t> code(body);
    code.insert(code.end(), { 0x49, 0x0F, 0x85 }); // dec %ecx; jnz
    auto back = -static_cast<int32_t>(code.size() + 4);
    for (int shift = 0; shift < 32; shift += 8)
        code.push_back(static_cast<uint8_t>(static_cast<uint32_t>(back) >> shift));
    code.push_back(0xF4); // hlt
    return code;
}

struct Measured {
    const char* what;
    std::initializer_list<uint8_t> body;
    double operations; // an iteration
    double bound;      // of a bare signal
};

const std::array measured {
    Measured { "trap: one privileged instruction (CLI)", { 0xFA, 0x90 }, 1, 1.15 },
    Measured { "trap: each of four in a row (CLI)", { 0xFA, 0xFA, 0xFA, 0xFA, 0x90 }, 4, 0.35 },
    Measured { "trap: MOV from CR0", { 0x0F, 0x20, 0xC0, 0x90 }, 1, 0 },
    Measured { "trap: OUT to port 0x80", { 0xE6, 0x80, 0x90 }, 1, 0 },
};

std::optional<BenchRow> measure(const StrategyEntry& trap, const Measured& one, unsigned runs)
{
    std::vector<double> guests, floors;
    for (unsigned run = 0; run < runs; ++run) {
        floors.push_back(bare_signal());
        auto guest = SmallGuest::create(trap, loop_of(one.body));
        if (!guest)
            return std::nullopt;
        (void)(*guest)->run(100);
        auto seconds = (*guest)->run(count);
        if (!seconds)
            return std::nullopt;
        guests.push_back(*seconds / count / one.operations);
    }
    double value = median(guests), floor = median(floors);
    return BenchRow { .what = one.what, .value = value * nano, .unit = "ns", .against = floor * nano, .ratio = value / floor,
        .cpu_ratio = {}, .floor = {}, .bound = one.bound > 0 ? std::optional { one.bound } : std::nullopt };
}

}

int main(int argc, char** argv)
{
    unsigned runs = 9;
    std::string json;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (std::string_view { argv[i] } == "--runs")
            runs = std::max(1u, static_cast<unsigned>(std::strtoul(argv[i + 1], nullptr, 10)));
        else if (std::string_view { argv[i] } == "--json")
            json = argv[i + 1];
    }
    const auto* trap = find_strategy("trap");
    if (auto availability = trap->probe(); !availability.available) {
        fmt::print(stderr, "native-bench: trap is not available here: {}\n", availability.detail);
        return 69;
    }
    std::vector<BenchRow> rows;
    rows.push_back({ .what = "host: getppid()", .value = bare_system_call() * nano, .unit = "ns", .against = {}, .ratio = {},
        .cpu_ratio = {}, .floor = {}, .bound = {} });
    for (const auto& one : measured) {
        auto row = measure(*trap, one, runs);
        if (!row)
            return 70;
        rows.push_back(*row);
    }
    fmt::print("{}", table_text(rows));
    if (!json.empty() && !write_table_json(json, rows, runs))
        return 65;
    for (const auto& row : rows) {
        if (!row.met())
            return 1;
    }
    return 0;
}
