#include "strategies/paravirt/monitor_pages.hpp"

#include "core/machine/address.hpp"
#include "core/session/descriptor.hpp"
#include "core/verify.hpp"
#include "strategies/paravirt/hypercall_page_layout.h"

#include <cerrno>
#include <cstring>
#include <sys/mman.h>
#include <utility>

extern "C" {
extern const std::byte ringside_hypercall_page[ringside::page_size];
void ringside_hypercall_gate();
}

namespace ringside::paravirt {

namespace {

constexpr std::size_t both = 2 * page_size;

void* address(uint32_t at)
{
    return reinterpret_cast<void*>(uintptr_t { at });
}

bool map_at(uint32_t at, int protection, const Descriptor& file, off_t offset)
{
    constexpr int flags = MAP_SHARED | MAP_FIXED | MAP_POPULATE;
    return mmap(address(at), page_size, protection, flags, file.get(), offset) != MAP_FAILED;
}

void fill_hypercall_page(std::byte* page)
{
    std::memcpy(page, ringside_hypercall_page, page_size);
    auto gate = reinterpret_cast<uint64_t>(&ringside_hypercall_gate);
    std::memcpy(page + PAGE_MONITOR, &gate, sizeof(gate));
}

void fill_shared_info(volatile pv_shared_info& info)
{
    info.magic = PV_MAGIC;
    info.version = PV_ABI_VERSION;
    info.system_call_cs = PV_KERNEL_CS;
    info.return_cs = PV_USER_CS;
}

}

Result<MonitorPages> MonitorPages::create()
{
    Descriptor file { memfd_create("ringside-paravirt", MFD_CLOEXEC) };
    MonitorPages pages;
    void* ours = MAP_FAILED;
    if (file && ftruncate(file.get(), both) == 0)
        ours = mmap(nullptr, both, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    if (ours == MAP_FAILED)
        return fail(ExitCode::Unavailable, std::string("no memory for the hypercall page: ") + std::strerror(errno));
    pages.m_pages = static_cast<std::byte*>(ours);
    fill_shared_info(pages.info());
    fill_hypercall_page(pages.m_pages + page_size);
    if (!map_at(PV_SHARED_INFO, PROT_READ | PROT_WRITE, file, 0)
        || !map_at(PV_HYPERCALL_PAGE, PROT_READ | PROT_EXEC, file, page_size))
        return fail(ExitCode::Unavailable, std::string("the hypercall page cannot be mapped: ") + std::strerror(errno));
    return pages;
}

MonitorPages::MonitorPages(MonitorPages&& other) noexcept
    : m_pages(std::exchange(other.m_pages, nullptr))
    , m_concealed(other.m_concealed)
{
}

// What the guest sees belongs to the window, which goes as a whole.
MonitorPages::~MonitorPages()
{
    if (m_pages)
        munmap(m_pages, both);
}

void MonitorPages::set_watched(uint8_t watched)
{
    *reinterpret_cast<volatile uint8_t*>(m_pages + page_size + PAGE_WATCHED) = watched;
}

void MonitorPages::conceal()
{
    if (!std::exchange(m_concealed, true))
        VERIFY(mprotect(address(PV_SHARED_INFO), page_size, PROT_NONE) == 0);
}

void MonitorPages::reveal()
{
    if (std::exchange(m_concealed, false))
        VERIFY(mprotect(address(PV_SHARED_INFO), page_size, PROT_READ | PROT_WRITE) == 0);
}

}
