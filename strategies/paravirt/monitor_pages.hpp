// The two pages of the monitor's addresses that the guest uses: the shared-info page and the hypercall page
// (core/paravirt_abi.h). The guest sees them in the window, the monitor in a mapping of its own, where it may write both.
#pragma once

#include "core/paravirt_abi.h"
#include "core/result.hpp"

#include <cstddef>
#include <cstdint>

namespace ringside::paravirt {

class MonitorPages {
public:
    // Maps both into the window, which is reserved.
    static Result<MonitorPages> create();
    MonitorPages(MonitorPages&&) noexcept;
    MonitorPages& operator=(MonitorPages&&) = delete;
    MonitorPages(const MonitorPages&) = delete;
    ~MonitorPages();

    // Whatever is read here the guest may have written, a moment ago.
    volatile pv_shared_info& info() const { return *reinterpret_cast<volatile pv_shared_info*>(m_pages); }

    // The byte PAGE_WATCHED.
    void set_watched(uint8_t watched);

    // The shared-info page, while ring 3 runs with segments that reach it.
    void conceal();
    void reveal();

private:
    MonitorPages() = default;

    std::byte* m_pages = nullptr; // shared info, hypercall page
    bool m_concealed = false;
};

}
