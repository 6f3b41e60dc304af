#include "strategies/rewriting/emission.hpp"

#include "strategies/rewriting/translator.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ringside::rewriting {

Emission::Emission(const MonitorArea& area, Block& block, BlockId id, uint16_t first_record, uint16_t first_answer)
    : m_area(area)
    , m_block(block)
    , m_id(id)
    , m_emitter(block.host)
    , m_next_record(first_record)
    , m_next_answer(first_answer)
{
    m_stubs.reserve(4);
}

void Emission::point(Recovery recovery, uint32_t eip)
{
    bool shadow = (m_in_shadow && eip == m_eip) || (m_shadow_next && eip == m_next);
    Point next { m_emitter.offset(), recovery, shadow, m_in_software, 0, eip };
    if (!m_block.points.empty() && m_block.points.back().offset == next.offset)
        m_block.points.back() = next;
    else
        m_block.points.push_back(next);
}

std::size_t Emission::add_site(Site::Kind kind, Recovery recovery, uint32_t eip)
{
    bool shadow = (m_in_shadow && eip == m_eip) || (m_shadow_next && eip == m_next);
    m_block.sites.push_back({ .kind = kind, .recovery = recovery, .shadow = shadow, .name = m_name, .eip = eip });
    return m_block.sites.size() - 1;
}

void Emission::call_monitor(std::size_t site)
{
    m_emitter.store_constant(slot(offsetof(Slots, site)), site_number(m_id, site));
    m_emitter.jump_to_monitor(host_code_64, m_area.gate());
}

// ECX is in its slot when a lookup comes here, and the address that was looked for is in another.
void Emission::entry()
{
    m_eip = m_block.key.eip;
    point(Recovery::Lookup, m_eip);
    m_emitter.load(Ecx, slot(offsetof(Slots, target)));
    m_emitter.add_to_ecx(0 - m_eip);
    auto hit = m_emitter.skip_if_ecx_zero();
    m_block.chain = m_emitter.jump();
    m_emitter.set_target(m_block.chain, m_area.code_begin(m_block.key.ring));
    m_emitter.land(hit);
    m_emitter.load(Ecx, slot(offsetof(Slots, ecx)));
    m_block.body = m_emitter.offset();
    point(Recovery::Boundary, m_eip);
}

void Emission::check_source()
{
    m_emitter.store(slot(offsetof(Slots, ecx)), Ecx);
    point(Recovery::Ecx, m_eip);
    std::size_t site = add_site(Site::Kind::Changed, Recovery::Ecx, m_eip);
    const auto& source = m_block.source;
    for (std::size_t at = 0; at < source.size();) {
        uint32_t value = source[at];
        auto address = m_eip + static_cast<uint32_t>(at);
        if (source.size() - at >= 4) {
            value |= uint32_t { source[at + 1] } << 8 | uint32_t { source[at + 2] } << 16 | uint32_t { source[at + 3] } << 24;
            m_emitter.load(Ecx, address);
            at += 4;
        } else {
            m_emitter.load_byte(address);
            at += 1;
        }
        m_emitter.add_to_ecx(0 - value);
        auto same = m_emitter.skip_if_ecx_zero();
        m_stubs.push_back({ site, m_emitter.jump(), Recovery::Ecx, m_eip });
        m_emitter.land(same);
    }
    m_emitter.load(Ecx, slot(offsetof(Slots, ecx)));
}

void Emission::begin_instruction(uint32_t eip)
{
    m_in_shadow = std::exchange(m_shadow_next, false);
    m_eip = eip;
    point(Recovery::Boundary, eip);
}

void Emission::instruction(const Instruction& instruction, const Treated& treated, std::span<const uint8_t> bytes)
{
    m_next = m_eip + instruction.length();
    m_name = treated.name;
    switch (treated.treatment) {
    case Treatment::Identical:
        return identical(instruction, bytes);
    case Treatment::ControlFlow:
        return branch(instruction, bytes);
    case Treatment::Inline:
        if (in_place(instruction, bytes))
            return;
        return callout(Site::Kind::Emulate);
    case Treatment::Callout:
        callout(treated.fault ? Site::Kind::Fault : Site::Kind::Emulate);
        m_block.sites.back().vector = treated.fault;
        return;
    case Treatment::Trap:
        return trap();
    }
}

void Emission::callout(Site::Kind kind)
{
    call_monitor(add_site(kind, Recovery::Boundary, m_eip));
}

// The fault is none of the guest's: the monitor executes the instruction. A #GP, as RDTSC itself raises with CR4.TSD. (A
// #UD would do too, but hypervisors below the host look at each.)
void Emission::trap()
{
    m_in_software = true;
    point(Recovery::Boundary, m_eip);
    m_emitter.halt();
    m_in_software = false;
}

void Emission::put_down_ecx_edx()
{
    m_emitter.store(slot(offsetof(Slots, ecx)), Ecx);
    m_emitter.store(slot(offsetof(Slots, edx)), Edx);
}

void Emission::take_back_ecx_edx()
{
    m_emitter.load(Edx, slot(offsetof(Slots, edx)));
    m_emitter.load(Ecx, slot(offsetof(Slots, ecx)));
}

void Emission::identical(const Instruction& instruction, std::span<const uint8_t> bytes)
{
    if (instruction.info.attributes & ZYDIS_ATTRIB_HAS_SEGMENT_GS)
        return with_guest_gs(bytes);
    m_emitter.raw(bytes);
}

// GS is the monitor's: for the time of the instruction FS plays the guest's GS.
void Emission::with_guest_gs(std::span<const uint8_t> bytes)
{
    constexpr uint8_t gs_prefix = 0x65, fs_prefix = 0x64;
    std::vector<uint8_t> changed(bytes.begin(), bytes.end());
    std::replace(changed.begin(), std::find_if(changed.begin(), changed.end(), [](uint8_t byte) {
        constexpr std::array<uint8_t, 11> prefixes { 0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x66, 0x67, 0xF0, 0xF2, 0xF3 };
        return std::find(prefixes.begin(), prefixes.end(), byte) == prefixes.end();
    }), gs_prefix, fs_prefix);
    m_emitter.load_segment(Fs, state(offsetof(VirtualState, real_gs)));
    m_emitter.raw(changed);
    point(Recovery::Boundary, m_next);
    m_emitter.load_segment(Fs, state(offsetof(VirtualState, real_fs)));
}

void Emission::link(uint16_t displacement, uint32_t target)
{
    std::size_t site = add_site(Site::Kind::Exit, Recovery::Boundary, target);
    m_block.sites[site].jump = displacement;
    m_stubs.push_back({ site, displacement, Recovery::Boundary, target });
}

void Emission::exit_to(uint32_t eip)
{
    point(Recovery::Boundary, eip);
    link(m_emitter.jump(), eip);
}

// An unlinked branch leads to its stub. Several branches of one site share one.
void Emission::finish()
{
    m_in_shadow = m_shadow_next = false;
    std::vector<std::pair<std::size_t, uint32_t>> made;
    made.reserve(m_stubs.size());
    for (const auto& stub : m_stubs) {
        auto found = std::find_if(made.begin(), made.end(), [&](const auto& one) { return one.first == stub.site; });
        if (found != made.end()) {
            m_emitter.set_target(stub.displacement, found->second);
            continue;
        }
        made.emplace_back(stub.site, m_emitter.address());
        m_emitter.set_target(stub.displacement, m_emitter.address());
        m_block.sites[stub.site].stub = m_emitter.offset();
        point(stub.recovery, stub.eip);
        call_monitor(stub.site);
    }
    m_block.size = m_emitter.offset();
}

}
