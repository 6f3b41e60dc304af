#include "strategies/hardware/kernel_exits.hpp"

#include "strategies/hardware/kvm_lists.hpp"

#include <cstring>
#include <unistd.h>

namespace ringside {

namespace {

struct StatisticsFile {
    int descriptor;
    kvm_stats_header header {};

    bool read_at(void* to, std::size_t bytes, uint64_t offset) const
    {
        return pread(descriptor, to, bytes, static_cast<off_t>(offset)) == static_cast<ssize_t>(bytes);
    }

    // Where the value of that name lies; 0 if there is none. A descriptor is followed by its name (api.rst, "4.133").
    uint64_t find(std::string_view name) const
    {
        constexpr uint32_t most = 4096;
        std::size_t stride = sizeof(KvmStatisticsDescriptor) + header.name_size;
        std::vector<char> entry(stride + 1);
        for (uint32_t i = 0; i < header.num_desc && i < most; ++i) {
            if (!read_at(entry.data(), stride, header.desc_offset + uint64_t { i } * stride))
                return 0;
            KvmStatisticsDescriptor description {};
            std::memcpy(&description, entry.data(), sizeof(description));
            if (name == &entry[sizeof(description)])
                return uint64_t { header.data_offset } + description.offset;
        }
        return 0;
    }
};

uint64_t difference(uint64_t now, uint64_t before)
{
    return now > before ? now - before : 0;
}

}

void KernelExits::open(const KvmCpu& cpu)
{
    constexpr std::array<std::string_view, FigureCount> names { "exits", "irq_exits", "pf_fixed" };
    m_file = Descriptor(cpu.call(KVM_GET_STATS_FD, nullptr));
    StatisticsFile file { m_file.get() };
    if (!m_file || !file.read_at(&file.header, sizeof(file.header), 0) || file.header.name_size > 256)
        return m_file.reset();
    for (std::size_t i = 0; i < names.size(); ++i)
        m_offsets[i] = file.find(names[i]);
    m_last = read();
}

KernelExits::Figures KernelExits::read() const
{
    Figures figures {};
    StatisticsFile file { m_file.get() };
    for (std::size_t i = 0; i < figures.size(); ++i) {
        if (m_offsets[i] != 0 && !file.read_at(&figures[i], sizeof(figures[i]), m_offsets[i]))
            figures[i] = m_last[i];
    }
    return figures;
}

// One exit can come to the monitor several times (a repeated string instruction), and then counts once with KVM.
void KernelExits::update(Recorder& recorder, Counting counting)
{
    if (!m_file)
        return;
    Figures now = read();
    uint64_t exits = difference(now[Exits], m_last[Exits]);
    uint64_t interrupts = difference(now[HostInterrupts], m_last[HostInterrupts]);
    uint64_t pages = difference(now[PagesFixed], m_last[PagesFixed]);
    m_last = now;
    uint64_t others = difference(exits, interrupts + pages + m_came_here);
    m_came_here = 0;
    if (counting == Counting::Skip)
        return;
    recorder.count(EventKind::HostInterrupt, interrupts);
    recorder.count(EventKind::HostPageFault, pages);
    recorder.count(EventKind::KernelExit, others);
}

}
