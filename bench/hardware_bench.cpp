// What ringside adds to a KVM exit: a loop of port writes under the strategy `hardware` against the same loop in a bare
// program (hardware_bench/bare_kvm.cpp), in turns. Any KVM will do that runs 32-bit code without paging: what is compared is
// the monitor, so the figure says nothing of the hardware.
//
//     hardware-bench [--runs N] [--json FILE]
//
// Exit code 1: the bound is missed; 69: there is no KVM.
#include "bench/hardware_bench/bare_kvm.hpp"
#include "bench/support/measurement.hpp"
#include "bench/support/small_guest.hpp"
#include "bench/support/table.hpp"

#include <fmt/format.h>

using namespace ringside;

namespace {

constexpr uint32_t exits = 100'000;
constexpr double nano = 1e9;

int unavailable(const Error& error)
{
    fmt::print(stderr, "hardware-bench: {}\n", error.message);
    return static_cast<int>(ExitCode::Unavailable);
}

}

int main(int argc, char** argv)
{
    auto options = parse_bench_options({ .program = "hardware-bench" }, argc, argv);
    if (!options)
        return static_cast<int>(ExitCode::Usage);
    const auto loop = counted_loop({ 0xE6, 0x80 }); // out 0x80, al
    auto bare = BareKvm::create(loop);
    if (!bare)
        return unavailable(bare.error());
    auto ringside = SmallGuest::create(*find_strategy("hardware"), loop);
    if (!ringside)
        return unavailable(ringside.error());
    std::vector<double> with, without, floor;
    for (unsigned turn = 0; turn < options->runs; ++turn) {
        auto first = (*bare)->run(exits), ours = (*ringside)->run(exits), second = (*bare)->run(exits);
        if (!first || !ours || !second)
            return unavailable({ ExitCode::Unavailable, "this KVM does not run the loop to its end", {} });
        with.push_back(*ours / exits);
        without.push_back((*first + *second) / 2 / exits);
        floor.push_back(*second / *first);
    }
    BenchRow row { .what = "a port write, against a bare KVM program", .value = median(with) * nano, .unit = "ns",
        .against = median(without) * nano, .ratio = median(with) / median(without), .cpu_ratio = {}, .floor = median(floor),
        .bound = 1.05 };
    return show_table(*options, { row });
}
