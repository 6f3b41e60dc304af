#include "strategies/native/window.hpp"

#include "core/verify.hpp"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <sys/mman.h>
#include <utility>
#include <x86intrin.h>

namespace ringside {

namespace {

void* address(uint64_t at)
{
    return reinterpret_cast<void*>(at);
}

bool reserve_range(uint64_t begin, uint64_t end)
{
    constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    void* got = mmap(address(begin), end - begin, PROT_NONE, flags, -1, 0);
    if (got == address(begin))
        return true;
    if (got != MAP_FAILED) // a kernel that does not know MAP_FIXED_NOREPLACE
        munmap(got, end - begin);
    return false;
}

uint32_t lowest_address_for_everyone()
{
    std::ifstream file("/proc/sys/vm/mmap_min_addr");
    uint32_t lowest = 65536;
    file >> lowest;
    return (lowest + page_size - 1) & ~(page_size - 1);
}

int rights(Window::Protection protection)
{
    switch (protection) {
    case Window::Protection::None:
        return PROT_NONE;
    case Window::Protection::Read:
        return PROT_READ;
    case Window::Protection::ReadWrite:
        return PROT_READ | PROT_WRITE;
    case Window::Protection::ReadExecute:
        return PROT_READ | PROT_EXEC;
    case Window::Protection::ReadWriteExecute:
        return PROT_READ | PROT_WRITE | PROT_EXEC;
    }
    return PROT_NONE;
}

// Times one call of the host.
class Timed {
public:
    explicit Timed(Window::HostCalls& calls) : m_calls(calls), m_begin(__rdtsc()) { }
    ~Timed()
    {
        ++m_calls.count;
        m_calls.ticks += __rdtsc() - m_begin;
    }
    Timed(const Timed&) = delete;
    Timed& operator=(const Timed&) = delete;

private:
    Window::HostCalls& m_calls;
    uint64_t m_begin;
};

// The first mapping of this process that lies in the window, for the message.
std::string first_obstacle()
{
    std::ifstream maps("/proc/self/maps");
    std::string line;
    if (std::getline(maps, line) && std::strtoull(line.c_str(), nullptr, 16) < Window::end)
        return line;
    return "not visible in /proc/self/maps";
}

}

Result<Window> Window::reserve()
{
    if (s_shares > 0)
        return Window { s_begin };
    uint32_t lowest = lowest_address_for_everyone();
    for (uint32_t begin : { 0u, lowest }) {
        if (reserve_range(begin, end)) {
            s_begin = begin;
            return Window { begin };
        }
    }
    return fail(ExitCode::Unavailable,
        fmt::format("the lowest 4 GiB of the process are not free: {}", first_obstacle()),
        "run without sanitizers, valgrind and `ulimit -s unlimited`");
}

Window::Window(Window&& other) noexcept
    : m_begin(other.m_begin)
    , m_owned(std::exchange(other.m_owned, false))
{
}

Window::~Window()
{
    if (m_owned && --s_shares == 0)
        munmap(address(m_begin), end - m_begin);
}

bool Window::map(Gla at, uint64_t bytes, int descriptor, uint64_t offset, Protection protection, Populate populate)
{
    Timed timed(m_host_calls);
    int flags = MAP_SHARED | MAP_FIXED | (populate == Populate::Now ? MAP_POPULATE : 0);
    return mmap(address(at.value), bytes, rights(protection), flags, descriptor, static_cast<off_t>(offset)) != MAP_FAILED;
}

void Window::protect(Gla at, uint64_t bytes, Protection protection)
{
    Timed timed(m_host_calls);
    VERIFY(mprotect(address(at.value), bytes, rights(protection)) == 0);
}

// A mapping without rights, not a hole: nothing else may settle here.
void Window::unmap(uint64_t at, uint64_t bytes)
{
    if (at < m_begin) {
        bytes -= m_begin - at < bytes ? m_begin - at : bytes;
        at = m_begin;
    }
    if (bytes == 0)
        return;
    constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
    Timed timed(m_host_calls);
    VERIFY(mmap(address(at), bytes, PROT_NONE, flags, -1, 0) != MAP_FAILED);
}

}
