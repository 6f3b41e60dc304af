#include "core/session/confinement.hpp"

#include "core/sanitizer.hpp"
#include "core/session/system_call_filter.hpp"
#include "core/session/worker_account.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <linux/capability.h>
#include <optional>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace ringside {

namespace {

constexpr uint64_t bit(int capability)
{
    return uint64_t { 1 } << capability;
}

// So that root's guests may lie in files that root does not own, as everywhere.
// Tracepoints of the host are opened by then, too.
constexpr uint64_t set_up_capabilities = bit(CAP_DAC_OVERRIDE) | bit(CAP_DAC_READ_SEARCH) | bit(CAP_SYS_RAWIO) | bit(CAP_PERFMON);
constexpr uint64_t native_capabilities = bit(CAP_SYS_RAWIO);

// Beyond what is mapped when the guest starts. Guest memory does not count: it is shared.
constexpr rlim_t most_further_memory = rlim_t { 512 } << 20;

// capset(2) with the C library left out, which has no wrapper for it.
struct CapabilitySets {
    __user_cap_header_struct header { _LINUX_CAPABILITY_VERSION_3, 0 };
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> words {};
};

// Keeps of the thread's capabilities only those in `wanted`; none can be inherited.
bool keep_capabilities(uint64_t wanted)
{
    CapabilitySets sets;
    if (syscall(SYS_capget, &sets.header, sets.words.data()) != 0)
        return false;
    for (std::size_t i = 0; i < sets.words.size(); ++i) {
        auto mask = static_cast<uint32_t>(wanted >> (32 * i));
        sets.words[i].permitted &= mask;
        sets.words[i].effective = sets.words[i].permitted;
        sets.words[i].inheritable = 0;
    }
    return syscall(SYS_capset, &sets.header, sets.words.data()) == 0;
}

// Fails without CAP_SETPCAP, which who has no capabilities does not miss.
void empty_bounding_set()
{
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; ++capability)
        prctl(PR_CAPBSET_DROP, capability);
}

void close_all_but(std::span<const int> wanted)
{
    std::vector<int> kept(wanted.begin(), wanted.end());
    std::erase_if(kept, [](int descriptor) { return descriptor < 0; });
    std::ranges::sort(kept);
    unsigned next = 0;
    for (int descriptor : kept) {
        auto number = static_cast<unsigned>(descriptor);
        if (number > next)
            close_range(next, number - 1, 0);
        next = number + 1;
    }
    close_range(next, UINT_MAX, 0);
}

void limit(__rlimit_resource resource, rlim_t most)
{
    rlimit value {};
    getrlimit(resource, &value);
    value.rlim_max = std::min(value.rlim_max, most);
    value.rlim_cur = std::min(value.rlim_cur, value.rlim_max);
    setrlimit(resource, &value);
}

// Private writable memory, as RLIMIT_DATA counts it: the sixth number of /proc/PID/statm, in pages.
std::optional<rlim_t> memory_now()
{
    std::ifstream file("/proc/self/statm");
    unsigned long pages = 0;
    for (int number = 0; number < 6; ++number)
        file >> pages;
    if (!file)
        return std::nullopt;
    return pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE));
}

// The account, or the longest of the guest's disks: none of them can grow. Memory files have no name in any directory.
rlim_t longest_file(std::span<const int> descriptors)
{
    rlim_t longest = sizeof(AccountBlock);
    for (int descriptor : descriptors) {
        struct stat status { };
        if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink > 0)
            longest = std::max(longest, static_cast<rlim_t>(status.st_size));
    }
    return longest;
}

void set_limits(std::span<const int> descriptors)
{
    int highest = descriptors.empty() ? 0 : std::ranges::max(descriptors);
    if (auto now = memory_now())
        limit(RLIMIT_DATA, *now + most_further_memory);
    limit(RLIMIT_FSIZE, longest_file(descriptors));
    limit(RLIMIT_NOFILE, static_cast<rlim_t>(highest) + 1);
}

}

std::string confinement_obstacle()
{
    return is_sanitizer_build ? "" : system_call_filter_obstacle();
}

void drop_needless_privileges()
{
    // 1 and not 0: where cores are piped to a program, the kernel starts it for a limit of 0 as well, and writing out
    // gigabytes of guest takes its time.
    limit(RLIMIT_CORE, 1);
    if (is_sanitizer_build)
        return;
    empty_bounding_set();
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    keep_capabilities(set_up_capabilities);
}

Result<void> confine_process(const ConfinementPlan& plan)
{
    if (is_sanitizer_build)
        return {};
    set_limits(plan.descriptors);
    close_all_but(plan.descriptors);
    bool is_native = runs_natively(plan.guest_runs_in);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !keep_capabilities(is_native ? native_capabilities : 0))
        return fail(ExitCode::Unavailable,
            fmt::format("cannot confine the worker process: it cannot give up its privileges: {}", std::strerror(errno)));
    return {};
}

Result<void> confine_system_calls(const ConfinementPlan& plan)
{
    if (is_sanitizer_build)
        return {};
    limit(RLIMIT_NPROC, 0); // threads count as well
    if (!system_call_filter_obstacle().empty())
        return {};
    return install_system_call_filter(plan);
}

}
