// The CPU of a guest whose code is rewritten: the native substrate, but no instruction of the guest runs where it lies.
//
//   the guest's EIP  ->  approach(): a block for it, found or made  ->  the world switch into the block's translation
//   a signal within a translation  ->  take_registers(): the guest's registers  ->  the substrate's handling of it
//   a place that calls the monitor ->  on_callout(): the same, without a signal
//
// The substrate sees the guest's addresses and registers only.
#pragma once

#include "strategies/native/native_cpu.hpp"
#include "strategies/rewriting/code_frames.hpp"
#include "strategies/rewriting/code_map.hpp"
#include "strategies/rewriting/device_accesses.hpp"
#include "strategies/rewriting/inline_records.hpp"
#include "strategies/rewriting/monitor_area.hpp"
#include "strategies/rewriting/monitor_calls.hpp"
#include "strategies/rewriting/recovery.hpp"
#include "strategies/rewriting/translation_cache.hpp"

#include <optional>

namespace ringside::rewriting {

// What the gate does when C++ is done; as in gate.S.
enum class AfterCallout : uint32_t {
    Leave = 0,    // the run loop is to decide
    Continue = 1, // the guest goes on; its segment registers and its flags, but the arithmetic ones, are as they were, and no
                  // code was changed
    Replaced = 2, // the guest goes on
};

class RewritingCpu final : public NativeCpu {
public:
    RewritingCpu(Engine& engine, Window window);
    ~RewritingCpu() override;
    Result<void> set_up();

    const StrategyInfo& info() const override;
    void load(const CpuState& state) override;
    void release() override;
    std::vector<StrategyFile> files() const override { return { { m_area->descriptor() } }; }
    std::optional<TranslationListing> translations() const override;
    std::optional<TranslationListing> translations_around(uint32_t address) const override;

    // From the gate.
    AfterCallout on_callout();
    void on_callout_aborted();

    const TranslationCache& cache() const { return *m_cache; }
    const MonitorCalls& monitor_calls() const { return m_calls; }

private:
    void gather_state() override;
    void spread_state() override;
    std::optional<Verdict> take_registers(int signal, ucontext_t& context) override;
    void adopt_segments(const RealSegments::Selectors& found) override;
    void make_segments_real() override;
    void reveal_kernel() override;
    // Translated code is elsewhere.
    bool executes_below(uint64_t boundary) const override { return !runs_direct() || NativeCpu::executes_below(boundary); }
    bool runs_natively() const override;
    std::optional<Exit> approach() override;
    uint32_t real_eip() const override { return m_target; }
    void follow_effects(uint32_t effects, Gla address) override;
    Verdict cannot_emulate(const Instruction& instruction) override;
    void follow_emulation(uint32_t eip, const Emulated& done) override;

    struct RealGsBase {
        uint64_t end = 0;
        uint32_t generation = 0;
        bool operator==(const RealGsBase&) const = default;
    };

    CodeRing ring() const { return m_state.cpl() == 3 ? CodeRing::Ring3 : CodeRing::Ring0; }
    void follow_mode();
    TimeStampReading time_stamp_reading() const;
    Block* find_or_translate();
    Block* awake(Block& block);
    void forget_translations();
    Block* translate(const BlockKey& key);
    Block* translate(const TranslationRequest& request);
    bool still_crosses(const Block& block);
    std::optional<Exit> execute_in_software();
    std::optional<Exit> execute_shadowed();

    // Ring 3 runs where its code lies: not in translations.
    bool runs_direct() const { return m_user_code == UserCode::Direct && m_state.cpl() == 3; }

    // rewriting_exits.cpp
    struct Caller {
        Block* block = nullptr; // null: an entry that is not there
        uint16_t site = 0;
        Stop stop;
    };
    Caller called_from(uint32_t number);
    std::optional<Stop> find_stop(uint64_t rip);
    Verdict execute_for(const ucontext_t& context);
    void take_world_at(Stop stop);
    AfterCallout follow_branch(const Caller& caller, uint32_t target);
    const Instruction* instruction_of(Block& block, Site& site);
    Verdict perform(Block& block, Site& site);
    AfterCallout go_on(Verdict verdict);

    // rewriting_segments.cpp
    void adopt_segment(SegmentRegister which, uint16_t real, uint16_t selector);
    void follow_gs();
    void count_crossings();
    void follow_records();
    InlineRecords& records();
    void note_load(const Site& site);
    void note_entry(uint8_t vector);
    void note_return();
    void notice_strain(int exception);

    std::optional<MonitorArea> m_area;
    std::optional<TranslationCache> m_cache;
    std::optional<CodeMap> m_map;
    std::optional<CodeFrames> m_frames;
    std::optional<InlineRecords> m_records;
    const UserCode m_user_code;
    const TimeStampReading m_time_stamp;
    MonitorCalls m_calls;
    ControlMode m_mode;
    uint32_t m_target = 0;        // of the world switch
    DeviceAccesses m_device_accesses;
    BlockId m_stop_block = 0;     // in which a signal stopped the guest; 0: none, or no signal
    bool m_stop_direct = false;   // the guest was stopped in its own code
    CodeRing m_stop_ring = CodeRing::Ring0; // where the guest was stopped
    uint16_t m_real_gs = 0;       // the host's selector that plays the guest's GS ...
    Segment m_followed_gs {};     // ... which it is, and ...
    RealGsBase m_gs_base {};      // ... what that rests on
    uint32_t m_crossings = 0;     // of Slots::crossings, counted so far
    unsigned m_strain = 0;        // faults of ring 0 in segments that are cut for ring 3
    bool m_kernel_uses_program_segments = false;
    bool m_code_changed = false;  // since the guest was entered
    bool m_lost = false;          // the guest was stopped where it should not be
};

}
