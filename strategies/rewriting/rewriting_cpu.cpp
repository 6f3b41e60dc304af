#include "strategies/rewriting/rewriting_cpu.hpp"

#include "core/verify.hpp"
#include "core/x86/descriptors.hpp"
#include "strategies/rewriting/listing.hpp"
#include "strategies/rewriting/rewriting.hpp"

#include <array>
#include <cstring>
#include <fmt/format.h>
#include <utility>

extern "C" {
uint32_t ringside_on_callout();
void ringside_on_callout_aborted();
// gate.S: code, of which only the addresses matter.
extern const char ringside_rewriting_window, ringside_rewriting_window_end, ringside_rewriting_aborted;
}

namespace ringside::rewriting {

namespace {

// As ringside_world: the gate has no other way to find it.
RewritingCpu* s_cpu = nullptr;

uint64_t address_of(const char& code)
{
    return reinterpret_cast<uint64_t>(&code);
}

bool is_writable_data(const Segment& segment)
{
    return !(segment.type() & segment_type::code) && (segment.type() & segment_type::writable)
        && !(segment.type() & segment_type::expand_down);
}

}

RewritingCpu::RewritingCpu(Engine& engine, Window window) 
    : NativeCpu(engine, std::move(window), MonitorArea::base)
    , m_user_code(engine.strategy_options().user_code)
    , m_time_stamp(engine.strategy_options().time_stamp)
{
}

RewritingCpu::~RewritingCpu()
{
    s_cpu = nullptr;
}

Result<void> RewritingCpu::set_up()
{
    auto area = MonitorArea::create();
    if (!area)
        return area.propagate();
    m_area.emplace(std::move(*area));
    m_cache.emplace(*m_area, m_engine.recorder());
    m_records.emplace(*m_area, m_engine.memory());
    m_map.emplace(m_engine.memory(), *m_cache, m_engine.recorder());
    m_frames.emplace(m_engine.memory(), m_tlb, *m_cache);
    m_tlb.set_rules({ .executable = false, .user_executable = m_user_code == UserCode::Direct, .read_only = &m_frames->watched() });
    return NativeCpu::set_up();
}

const StrategyInfo& RewritingCpu::info() const
{
    return rewriting_info();
}

void RewritingCpu::load(const CpuState& state)
{
    s_cpu = this;
    ringside_world.gate_window = address_of(ringside_rewriting_window);
    ringside_world.gate_window_end = address_of(ringside_rewriting_window_end);
    ringside_world.gate_aborted = address_of(ringside_rewriting_aborted);
    ringside_world.gate_return_cs = host_code_32;
    m_area->attach();
    m_map->forget();
    m_records->forget();
    m_strain = 0;
    m_device_accesses = {};
    m_kernel_uses_program_segments = false;
    m_frames->attach();
    NativeCpu::load(state);
}

void RewritingCpu::release()
{
    NativeCpu::release();
    m_frames->detach();
    m_area->detach();
}

std::optional<TranslationListing> RewritingCpu::translations() const
{
    return listing_of(*m_cache, *m_area, m_calls);
}

std::optional<TranslationListing> RewritingCpu::translations_around(uint32_t address) const
{
    return listing_of(*m_cache, *m_area, m_calls, address);
}

// --- What translated code works on ---

void RewritingCpu::gather_state()
{
    bool open = m_area->state().interrupts == interrupts_on;
    m_state.eflags = (m_state.eflags & ~eflags::if_) | (open ? eflags::if_ : 0);
    const volatile VirtualState& shown = m_area->state();
    m_state.cr0 = (m_state.cr0 & ~cr0::ts) | (shown.control[0] & cr0::ts);
    m_state.gdtr = { shown.table_bases[0], static_cast<uint16_t>(shown.table_limits[0]) };
    m_state.idtr = { shown.table_bases[1], static_cast<uint16_t>(shown.table_limits[1]) };
}

void RewritingCpu::spread_state()
{
    volatile VirtualState& shown = m_area->state();
    shown.interrupts = m_state.eflags & eflags::if_ ? interrupts_on : interrupts_off;
    shown.may_go_on[interrupts_on] = !m_engine.interrupt_pending();
    bool no_iopl = m_state.iopl() == 0;
    shown.may_pop[interrupts_off] = no_iopl;
    shown.may_pop[interrupts_on] = no_iopl && shown.may_go_on[interrupts_on];
    uint32_t others = m_state.eflags & (eflags::iopl | eflags::vif | eflags::vip);
    shown.flags_difference[interrupts_off] = others - eflags::if_;
    shown.flags_difference[interrupts_on] = others;
    for (auto [number, value] : std::array<std::pair<unsigned, uint32_t>, 4> {
             { { 0, m_state.cr0 }, { 2, m_state.cr2 }, { 3, m_state.cr3 }, { 4, m_state.cr4 } } })
        shown.control[number] = value;
    shown.table_bases[0] = m_state.gdtr.base;
    shown.table_limits[0] = m_state.gdtr.limit;
    shown.table_bases[1] = m_state.idtr.base;
    shown.table_limits[1] = m_state.idtr.limit;
    for (unsigned which = 0; which < m_state.segments.size(); ++which)
        shown.selectors[which] = m_state.segments[which].selector;
}

// --- The way in ---

// Anything unusual is executed in software: segments that are not flat, single steps, rings 1 and 2.
bool RewritingCpu::runs_natively() const
{
    return NativeCpu::runs_natively() && !(m_state.eflags & eflags::tf) && m_state.segment(Cs).is_flat()
        && m_state.segment(Ss).is_flat() && is_writable_data(m_state.segment(Ss)) && m_state.cpl() % 3 == 0;
}

// The host's counter is the guest's until the guest writes it.
TimeStampReading RewritingCpu::time_stamp_reading() const
{
    bool as_it_is = m_time_stamp == TimeStampReading::Native;
    return as_it_is && m_engine.time_stamp_is_written() ? TimeStampReading::Inline : m_time_stamp;
}

void RewritingCpu::follow_mode()
{
    m_records->note_time_stamp_offset(m_engine.time_stamp_offset());
    ControlMode now = control_mode_of(m_state);
    now.time_stamp = time_stamp_reading();
    if (now == m_mode) [[likely]]
        return;
    if (std::exchange(m_mode, now).time_stamp != now.time_stamp) {
        m_cache->clear();
        forget_translations();
        m_code_changed = true;
        return;
    }
    for (Block* block : m_cache->depending_on_mode()) {
        m_cache->deactivate(*block);
        m_code_changed = true;
    }
}

std::optional<Exit> RewritingCpu::approach()
{
    if (std::exchange(m_lost, false))
        return Exit { Exit::Reason::Failed, fmt::format("the guest left the translated code, at {:#010x}", m_state.eip) };
    for (;;) {
        m_code_changed |= m_frames->settle_writes();
        if (!runs_natively() || m_state.halted)
            return Exit { Exit::Reason::Kicked };
        follow_mode();
        if (m_state.interrupt_shadow && m_engine.interrupt_pending()) {
            if (auto exit = execute_shadowed())
                return exit;
            continue;
        }
        if (runs_direct()) {
            m_target = m_state.eip;
            return std::nullopt;
        }
        if (Block* block = find_or_translate()) {
            m_target = block->body_address();
            return std::nullopt;
        }
        if (auto exit = execute_in_software())
            return exit;
    }
}

// An interrupt waits behind the instruction at EIP, which is executed here. One that the emulator does not know cannot be: the interrupt
// comes before it then.
std::optional<Exit> RewritingCpu::execute_shadowed()
{
    const auto* instruction = m_decoder.find(m_engine.memory(), m_state);
    if (!instruction || can_emulate(*instruction))
        return execute_in_software();
    m_state.interrupt_shadow = false;
    return finish() == Verdict::Leave ? std::optional { m_exit } : std::nullopt;
}

// There is no block for EIP: a fault of the fetch, or code that is not in RAM.
std::optional<Exit> RewritingCpu::execute_in_software()
{
    m_exit_begin = m_engine.begin_exit();
    const auto* instruction = m_decoder.find(m_engine.memory(), m_state);
    auto verdict = instruction ? emulate() : take_fault(m_decoder.fault());
    if (verdict == Verdict::Resume)
        verdict = finish();
    return verdict == Verdict::Leave ? std::optional { m_exit } : std::nullopt;
}

Block* RewritingCpu::find_or_translate()
{
    if (Block* block = m_cache->active(m_state.eip, ring())) [[likely]]
        return block;
    auto found = m_map->find(m_state, m_state.eip);
    if (!found || !found->is_ram)
        return nullptr;
    BlockKey key { m_state.eip, found->frame, ring() };
    bool checks = m_frames->begin_translation(found->frame);
    Block* block = m_cache->find(key, m_mode, checks);
    if (block && !still_crosses(*block)) {
        m_cache->kill(*block, InvalidationCause::OtherPage);
        block = nullptr;
    }
    if (!block)
        block = translate(key);
    return block ? awake(*block) : nullptr;
}

Block* RewritingCpu::awake(Block& block)
{
    m_cache->activate(block);
    m_map->add(block);
    m_code_changed = true;
    return &block;
}

bool RewritingCpu::still_crosses(const Block& block)
{
    if (!block.crosses)
        return true;
    auto next = m_map->find(m_state, block.key.eip + page_size);
    return next && next->frame == block.second_frame;
}

Block* RewritingCpu::translate(const BlockKey& key)
{
    const GuestMemory& memory = m_engine.memory();
    uint32_t offset = key.eip % page_size;
    std::size_t in_page = page_size - offset;
    auto bytes = memory.bytes(Gpa { uint64_t { key.frame } * page_size + offset }, in_page);
    std::array<uint8_t, page_size + longest_instruction> code;
    std::memcpy(code.data(), bytes.data(), in_page);
    std::size_t known = in_page;
    TranslationRequest request;
    request.key = key;
    request.mode = m_mode;
    request.in_page = in_page;
    request.device_accesses = m_device_accesses.of_frame(key.frame);
    request.checks = m_frames->begin_translation(key.frame);
    constexpr std::size_t near_the_end = 64 * longest_instruction;
    if (in_page < near_the_end) {
        auto next = m_map->find(m_state, key.eip + static_cast<uint32_t>(in_page));
        if (next && next->is_ram) {
            auto more = memory.bytes(Gpa { uint64_t { next->frame } * page_size }, longest_instruction);
            std::memcpy(code.data() + in_page, more.data(), more.size());
            known += more.size();
            request.second_frame = next->frame;
        }
    }
    request.code = { code.data(), known };
    Block* block = translate(request);
    if (block && block->crosses && m_frames->begin_translation(block->second_frame) && !block->checks) {
        m_cache->kill(*block, InvalidationCause::MixedPage);
        request.checks = true; // only the other page's code is mixed with data
        block = translate(request);
    }
    return block;
}

Block* RewritingCpu::translate(const TranslationRequest& request)
{
    bool emptied = false;
    Block& block = m_cache->translate(request, emptied);
    if (emptied) {
        forget_translations();
        m_frames->begin_translation(request.key.frame);
    }
    if (!block.instructions.empty())
        return &block;
    m_cache->discard(block);
    return nullptr;
}

// The cache has been emptied.
void RewritingCpu::forget_translations()
{
    m_map->clear();
    m_frames->forget();
}

void RewritingCpu::follow_effects(uint32_t effects, Gla address)
{
    NativeCpu::follow_effects(effects, address);
    uint64_t dormant = m_cache->counters().dormant;
    if (effects & (effect::non_global_tlb | effect::whole_tlb | effect::paging_mode))
        m_map->revalidate(m_state);
    else if (effects & effect::invalidated_page)
        m_map->revalidate(m_state, address);
    m_code_changed |= m_cache->counters().dormant != dormant;
}

}

uint32_t ringside_on_callout()
{
    return static_cast<uint32_t>(ringside::rewriting::s_cpu->on_callout());
}

void ringside_on_callout_aborted()
{
    ringside::rewriting::s_cpu->on_callout_aborted();
}
