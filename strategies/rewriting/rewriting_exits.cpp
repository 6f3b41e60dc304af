// The way out of translated code: by a signal, or by a call.
#include "strategies/rewriting/rewriting_cpu.hpp"

#include "strategies/rewriting/recovery.hpp"

namespace ringside::rewriting {

// Where in the translations the host was stopped.
std::optional<Stop> RewritingCpu::find_stop(uint64_t rip)
{
    if (rip > UINT32_MAX)
        return std::nullopt;
    auto address = static_cast<uint32_t>(rip);
    if (const Block* block = m_cache->at(address))
        return stop_at(*block, address - block->host);
    // At the gate: what has been jumped from is known. In the stub of an entry that is not there: a lookup.
    if (address == m_area->gate())
        return called_from(m_area->slots().site).stop;
    if (address < m_area->code_begin(CodeRing::Ring0))
        return std::nullopt;
    auto ring = address >= m_area->code_begin(CodeRing::Ring3) ? CodeRing::Ring3 : CodeRing::Ring0;
    return Stop { .recovery = Recovery::Lookup, .ring = ring };
}

RewritingCpu::Caller RewritingCpu::called_from(uint32_t number)
{
    Block* block = m_cache->block(number / sites_of_a_block);
    uint16_t index = number % sites_of_a_block;
    if (block && index < block->sites.size())
        return { block, index, stop_of(*block, block->sites[index]) };
    auto ring = number == no_entry_site(CodeRing::Ring3) ? CodeRing::Ring3 : CodeRing::Ring0;
    return { nullptr, 0, { .recovery = Recovery::Lookup, .ring = ring } };
}

std::optional<GuestSignals::Verdict> RewritingCpu::take_registers(int signal, ucontext_t& context)
{
    auto& registers = context.uc_mcontext.gregs;
    auto rip = static_cast<uint64_t>(registers[REG_RIP]);
    m_stop_direct = runs_direct();
    if (m_stop_direct)
        return NativeCpu::take_registers(signal, context);
    auto stop = find_stop(rip);
    const Block* block = stop ? m_cache->at(static_cast<uint32_t>(rip)) : nullptr;
    m_stop_block = block ? block->id : 0;
    m_lost = !stop;
    if (stop) {
        HostRegisters host { static_cast<uint32_t>(registers[REG_RAX]), static_cast<uint32_t>(registers[REG_RCX]),
            static_cast<uint32_t>(registers[REG_RDX]), static_cast<uint32_t>(registers[REG_RSP]) };
        recover(*m_area, *stop, host);
        registers[REG_RAX] = host.eax;
        registers[REG_RCX] = host.ecx;
        registers[REG_RDX] = host.edx;
        registers[REG_RSP] = host.esp;
        registers[REG_RIP] = stop->eip;
        // The gate is 64-bit code.
        auto packed = static_cast<uint64_t>(registers[REG_CSGSFS]);
        registers[REG_CSGSFS] = static_cast<greg_t>((packed & ~uint64_t { 0xFFFF }) | host_code_32);
        m_stop_ring = stop->ring;
    }
    (void)NativeCpu::take_registers(signal, context);
    if (m_lost)
        return Verdict::Resume; // approach() says so
    m_state.interrupt_shadow = stop->shadow;
    if (signal == SignalHandlers::kick_signal())
        return std::nullopt;
    ++m_calls.stops;
    notice_strain(static_cast<int>(registers[REG_TRAPNO]));
    return stop->in_software ? std::optional { execute_for(context) } : std::nullopt;
}

// An inline sequence has reached for something that ring 0 may reach.
GuestSignals::Verdict RewritingCpu::execute_for(const ucontext_t& context)
{
    const auto& registers = context.uc_mcontext.gregs;
    if (registers[REG_TRAPNO] == PF)
        (void)m_tlb.fill(m_state, Gla { static_cast<uint32_t>(registers[REG_CR2]) }, Access::Read, Privilege::Supervisor);
    return emulate();
}

// A trap led to a device.
void RewritingCpu::follow_emulation(uint32_t eip, const Emulated& done)
{
    Block* block = m_cache->block(std::exchange(m_stop_block, 0));
    bool device = done.kind == EventKind::MmioRead || done.kind == EventKind::MmioWrite;
    if (!block || !device || eip / page_size != block->key.eip / page_size)
        return;
    if (!m_device_accesses.note(block->key.frame, eip % page_size) || block->dead)
        return;
    m_cache->kill(*block, InvalidationCause::ReachesDevice);
    m_code_changed = true;
}

void RewritingCpu::take_world_at(Stop stop)
{
    auto& world = ringside_world;
    HostRegisters host { world.gpr[Eax], world.gpr[Ecx], world.gpr[Edx], world.gpr[Esp] };
    recover(*m_area, stop, host);
    world.gpr[Eax] = host.eax;
    world.gpr[Ecx] = host.ecx;
    world.gpr[Edx] = host.edx;
    world.gpr[Esp] = host.esp;
    m_stop_ring = stop.ring;
    m_stop_direct = false;
    take_world(stop.eip);
    m_state.interrupt_shadow = stop.shadow;
}

AfterCallout RewritingCpu::on_callout()
{
    m_exit_begin = m_engine.begin_exit();
    m_raw = 0;
    m_code_changed = false;
    m_stop_block = 0;
    Caller caller = called_from(m_area->slots().site);
    take_world_at(caller.stop);
    if (!caller.block) {
        ++m_calls.no_entry;
        return go_on(attend());
    }
    Site& site = caller.block->sites[caller.site];
    m_calls.count(site);
    switch (site.kind) {
    case Site::Kind::Exit:
        return follow_branch(caller, site.eip);
    case Site::Kind::Changed:
        m_frames->source_changed(*caller.block);
        return go_on(attend());
    default:
        break;
    }
    if (site.shadow && m_engine.interrupt_pending())
        return go_on(attend()); // approach() knows what to do in a shadow
    auto verdict = perform(*caller.block, site);
    if (verdict == Verdict::Resume)
        verdict = attend(); // approach() looks whether the guest can go on natively
    return go_on(verdict);
}

// The next time the branch goes there by itself.
AfterCallout RewritingCpu::follow_branch(const Caller& caller, uint32_t target)
{
    BlockId id = caller.block->id;
    uint64_t flushes = m_cache->counters().flushes;
    auto after = go_on(attend());
    Block* from = m_cache->counters().flushes == flushes ? m_cache->block(id) : nullptr;
    Block* to = m_cache->active(target, ring());
    bool linked = after != AfterCallout::Leave && from && to && m_state.eip == target && m_cache->link(*from, caller.site, *to);
    return linked ? AfterCallout::Replaced : after;
}

// The instruction of a site is decoded once: as long as the block is alive its source is what it was.
const Instruction* RewritingCpu::instruction_of(Block& block, Site& site)
{
    if (site.decoded != 0) [[likely]]
        return block.decoded[site.decoded - 1u].get();
    const auto* found = m_decoder.find(m_engine.memory(), m_state);
    bool in_source = found && m_state.eip - block.key.eip + found->length() <= block.source.size();
    if (!in_source)
        return found;
    block.decoded.push_back(std::make_unique<const Instruction>(*found));
    site.decoded = static_cast<uint16_t>(block.decoded.size());
    return found;
}

// One instruction and no more: those that follow are in the translation, and cheaper there.
GuestSignals::Verdict RewritingCpu::perform(Block& block, Site& site)
{
    if (site.kind == Site::Kind::Fault)
        return take_fault(fault_without_code(static_cast<Vector>(site.vector)));
    const auto* instruction = instruction_of(block, site);
    if (!instruction)
        return take_fault(m_decoder.fault());
    CodeRing before = ring();
    uint32_t leaf = m_state.gpr[Eax];
    auto verdict = emulate_one(*instruction, Why::Refused).value_or(Verdict::Resume);
    if (verdict == Verdict::Leave)
        return verdict;
    if (site.kind == Site::Kind::SegmentLoad && ring() == CodeRing::Ring0)
        note_load(site);
    if (site.kind == Site::Kind::Interrupt && before == CodeRing::Ring3 && ring() == CodeRing::Ring0)
        note_entry(site.vector);
    if (site.kind == Site::Kind::Identify)
        m_records->note_answer(site.record, leaf, m_state);
    if (site.kind == Site::Kind::InterruptReturn && ring() == CodeRing::Ring3)
        note_return();
    return verdict;
}

AfterCallout RewritingCpu::go_on(Verdict verdict)
{
    if (verdict == Verdict::Resume) {
        if (auto exit = approach())
            verdict = leave(*exit);
    }
    if (verdict == Verdict::Leave) {
        spread_state();
        return AfterCallout::Leave;
    }
    constexpr uint32_t arithmetic = eflags::cf | eflags::pf | eflags::af | eflags::zf | eflags::sf | eflags::of;
    RealSegments::Selectors before = m_segments.selectors();
    uint32_t flags = ringside_world.eflags;
    prepare();
    ringside_world.gate_return_eip = ringside_world.eip;
    bool same_flags = ((flags ^ ringside_world.eflags) & ~arithmetic) == 0;
    bool same = same_flags && before == m_segments.selectors() && !m_code_changed;
    return same ? AfterCallout::Continue : AfterCallout::Replaced;
}

// A write to code by an instruction that the emulator does not know: it may write for itself.
GuestSignals::Verdict RewritingCpu::cannot_emulate(const Instruction& instruction)
{
    auto walk = walk_pages(m_engine.memory(), m_state, m_fault_address, Access::Write, privilege_of(m_state), AccessedDirty::Leave);
    if (walk.present && m_frames->open(static_cast<uint32_t>(walk.physical.value / page_size))) {
        m_code_changed = true;
        return Verdict::Resume;
    }
    return NativeCpu::cannot_emulate(instruction);
}

// A kick came between the last look and the guest. m_state is what it should go on with.
void RewritingCpu::on_callout_aborted()
{
    ringside_world.kicked = 0;
    m_exit = { Exit::Reason::Kicked };
}

}
