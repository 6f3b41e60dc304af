// The local APIC: the CPU's own interrupt controller, at 0xFEE00000 (SDM 3A chapter 10), and the place where every
// interrupt request meets the CPU.
//
//   LINT0 <- output of the PICs. After reset the APIC is software-disabled and LINT0 passes ExtINT through (virtual
//            wire mode, MP specification 1.4 §3.6.2.2); with the enable bit of the APIC base MSR clear the wire goes to
//            the CPU.
//   LINT1 <- NMI
//   messages <- I/O APIC, interrupt command register
//
// The timer counts at 1 GHz divided by the divide configuration register; one-shot and periodic. TSC deadline
// mode is not offered.
#pragma once

#include "core/devices/apic_message.hpp"
#include "core/devices/device.hpp"
#include "core/devices/frequency.hpp"
#include "core/machine/clock.hpp"
#include "core/machine/timer_queue.hpp"

#include <array>
#include <functional>
#include <optional>

namespace ringside {

// 256 bits, one per vector: IRR, ISR and TMR.
struct VectorSet {
    std::array<uint32_t, 8> words {};

    bool contains(uint8_t vector) const { return words[vector / 32] >> (vector % 32) & 1; }
    void insert(uint8_t vector) { words[vector / 32] |= 1u << (vector % 32); }
    void remove(uint8_t vector) { words[vector / 32] &= ~(1u << (vector % 32)); }
    std::optional<uint8_t> highest() const;
};

struct LocalApicState {
    // In the order of the registers at 0x320..0x370.
    enum Lvt : unsigned { Timer, Thermal, Performance, Lint0, Lint1, ErrorEntry, LvtCount };

    uint64_t base_msr = 0xFEE00900;
    uint8_t id = 0;
    uint8_t task_priority = 0;
    uint32_t logical_destination = 0;
    uint32_t destination_format = 0xFFFFFFFF;
    uint32_t spurious_vector = 0xFF; // bit 8: software enable
    VectorSet in_service;
    VectorSet trigger_mode; // set = level
    VectorSet request;
    uint32_t error_status = 0;   // as last read out
    uint32_t pending_errors = 0; // since
    uint32_t command_low = 0;
    uint32_t command_high = 0;
    std::array<uint32_t, LvtCount> lvt {};
    std::array<bool, 2> lines {}; // the levels of LINT0 and LINT1
    uint32_t initial_count = 0;
    uint32_t divide = 0;
    Nanoseconds timer_start = 0; // when the counter held the initial count
    bool nmi = false;
};

class LocalApic final : public Device, public InterruptInput, public ApicReceiver {
public:
    // `pending` is called whenever an interrupt or NMI for the CPU may have appeared; it must not call back.
    LocalApic(const Clock&, TimerQueue&, std::function<void()> pending);
    // `eoi` is told the vector of each level-triggered interrupt that ends (to the I/O APIC).
    void connect_eoi(std::function<void(uint8_t)> eoi) { m_eoi = std::move(eoi); }

    std::string_view name() const override { return "local-apic"; }
    uint32_t read(unsigned region, uint32_t offset, unsigned size) override;
    void write(unsigned region, uint32_t offset, unsigned size, uint32_t value) override;
    std::vector<RegisterView> registers() const override;

    void set_line(unsigned line, bool level) override; // 0: LINT0, 1: LINT1
    bool deliver(const ApicMessage&) override;

    // The APIC base MSR (SDM 3A §10.4.4). The enable bit counts; the base address is kept but does not move
    // the registers.
    uint64_t base_msr() const { return m_state.base_msr; }
    void write_base_msr(uint64_t value);

    // Something waits for the CPU: a vector of our own above the processor priority, or the PICs through LINT0.
    bool interrupt_pending() const { return m_pending; }
    // True if it is (also) the PICs' INTR that may pass.
    bool external_interrupt_passes() const;
    // Moves the highest request into service and returns it; nothing if none is above the processor priority.
    std::optional<uint8_t> acknowledge();

    bool nmi_pending() const { return m_state.nmi; }
    void take_nmi() { m_state.nmi = false; }
    void return_nmi() { m_state.nmi = true; }

    const LocalApicState& state() const { return m_state; }

private:
    bool enabled() const;
    uint8_t processor_priority() const;
    std::optional<uint8_t> deliverable() const;
    uint32_t read_register(uint32_t index);
    void write_register(uint32_t index, uint32_t value);
    void write_spurious_vector(uint32_t value);
    void write_lvt(unsigned entry, uint32_t value);
    void write_command(uint32_t value);
    void end_of_interrupt();
    bool is_addressed(const ApicMessage&) const;
    bool accept(uint8_t vector, TriggerMode);
    void deliver_local(unsigned entry);
    void service_level(unsigned entry);
    void raise_error(uint32_t bit);
    void raise_nmi();

    uint32_t timer_divisor() const;
    uint32_t current_count() const;
    bool timer_periodic() const;
    void write_divide(uint32_t value);
    void write_initial_count(uint32_t value);
    void catch_up_timer();
    void arm_timer();
    void on_timer();
    void update();

    LocalApicState m_state;
    const Clock& m_clock;
    TimerQueue& m_timers;
    TimerId m_timer;
    std::function<void()> m_pending_changed;
    std::function<void(uint8_t)> m_eoi;
    bool m_pending = false;
};

}
