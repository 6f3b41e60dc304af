// A small guest for the tests of core/x86: flat segments for rings 0, 1 and 3, a TSS, an IDT, and on request an
// identity-mapped page table. Every structure lies at a fixed physical address, so that a test can break one of them.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/x86/descriptors.hpp"
#include "core/x86/event.hpp"
#include "core/x86/paging.hpp"
#include "core/x86/task_state.hpp"

#include <cstdint>
#include <initializer_list>
#include <vector>

namespace ringside::test {

// Physical (and, as everything is flat, linear) places.
inline constexpr uint32_t gdt_at = 0x1000, idt_at = 0x2000, tss_at = 0x3000, ldt_at = 0x4000, task_tss_at = 0x5000,
                          directory_at = 0x8000, table_at = 0x9000, code_at = 0x10000, handler_at = 0x12340,
                          task_code_at = 0x14000, kernel_stack = 0x20000, ring_1_stack = 0x24000, task_stack = 0x28000,
                          user_stack = 0x30000;

// Selectors.
inline constexpr uint16_t code_0 = 0x08, data_0 = 0x10, code_3 = 0x1B, data_3 = 0x23, tss_selector = 0x28,
                          ldt_selector = 0x30, task_selector = 0x38, conforming_code = 0x40, code_1 = 0x49,
                          data_1 = 0x51, spare = 0x58;

// Attributes of descriptors: P, DPL, S and type, and for segments G and D/B.
inline constexpr uint16_t flat_code_0 = 0xC09A, flat_data_0 = 0xC092, flat_code_1 = 0xC0BA, flat_data_1 = 0xC0B2,
                          flat_code_3 = 0xC0FA, flat_data_3 = 0xC0F2, flat_conforming = 0xC09E, tss_32 = 0x89,
                          busy_tss_32 = 0x8B, tss_16 = 0x81, busy_tss_16 = 0x83, ldt_attributes = 0x82,
                          interrupt_gate = 0x8E, trap_gate = 0x8F, interrupt_gate_16 = 0x86, trap_gate_16 = 0x87,
                          task_gate = 0x85, user_gate = 0x60, not_present = 0x80; // the last two: or in, take out

inline GuestMemory make_memory()
{
    auto memory = GuestMemory::create(4 * mebibyte);
    return std::move(memory.value());
}

class TestGuest {
public:
    GuestMemory memory = make_memory();
    CpuState state {};

    TestGuest()
    {
        state.cr0 |= cr0::pe;
        state.gdtr = { gdt_at, 0x7F };
        state.idtr = { idt_at, 0x7FF };
        set_gdt(code_0, Descriptor::segment(0, 0xFFFFFFFF, flat_code_0));
        set_gdt(data_0, Descriptor::segment(0, 0xFFFFFFFF, flat_data_0));
        set_gdt(code_1, Descriptor::segment(0, 0xFFFFFFFF, flat_code_1));
        set_gdt(data_1, Descriptor::segment(0, 0xFFFFFFFF, flat_data_1));
        set_gdt(code_3, Descriptor::segment(0, 0xFFFFFFFF, flat_code_3));
        set_gdt(data_3, Descriptor::segment(0, 0xFFFFFFFF, flat_data_3));
        set_gdt(conforming_code, Descriptor::segment(0, 0xFFFFFFFF, flat_conforming));
        set_gdt(tss_selector, Descriptor::segment(tss_at, 103, busy_tss_32));
        set_gdt(task_selector, Descriptor::segment(task_tss_at, 103, tss_32));
        set_gdt(ldt_selector, Descriptor::segment(ldt_at, 0xFF, ldt_attributes));
        state.tr = { tss_selector, busy_tss_32, tss_at, 103 };
        Tss32 tss {};
        tss.stacks[0] = { kernel_stack, data_0 };
        tss.stacks[1] = { ring_1_stack, data_1 };
        put(tss_at, tss);
        enter_ring(0);
    }

    // Segment registers, stack and EIP of a program in this ring (0, 1 or 3).
    void enter_ring(unsigned ring)
    {
        uint16_t code = ring == 0 ? code_0 : ring == 1 ? code_1 : code_3;
        uint16_t data = ring == 0 ? data_0 : ring == 1 ? data_1 : data_3;
        for (auto which : { Es, Ss, Ds, Fs, Gs })
            state.segment(which) = gdt(data).segment_register(Selector { data });
        state.segment(Cs) = gdt(code).segment_register(Selector { code });
        state.gpr[Esp] = ring == 0 ? kernel_stack - 0x800 : ring == 1 ? ring_1_stack : user_stack;
        state.eip = code_at;
        state.eflags = eflags::fixed | eflags::if_;
    }

    // Every vector gets a 32-bit interrupt gate to ring 0, with an entry point of its own.
    void fill_idt()
    {
        for (unsigned vector = 0; vector < 256; ++vector)
            set_gate(vector, Descriptor::gate(Selector { code_0 }, handler_of(vector), interrupt_gate));
    }
    static uint32_t handler_of(unsigned vector) { return handler_at + vector * 16; }

    void set_gdt(uint16_t selector, Descriptor descriptor) { put(gdt_at + (selector & 0xFFF8u), descriptor.raw); }
    Descriptor gdt(uint16_t selector) const { return Descriptor { get<uint64_t>(gdt_at + (selector & 0xFFF8u)) }; }
    void set_gate(unsigned vector, Descriptor gate) { put(idt_at + vector * 8, gate.raw); }

    // Maps the first 4 MiB onto themselves, for everyone, with write protection in force for ring 0 too.
    void enable_paging()
    {
        put(directory_at, uint32_t { table_at | 7 });
        for (uint32_t page = 0; page < 1024; ++page)
            set_page(page * page_size, page * page_size | 7);
        state.cr3 = directory_at;
        state.cr0 |= cr0::pg | cr0::wp;
    }
    void set_page(uint32_t linear, uint32_t entry) { put(table_at + (linear >> 12) * 4, entry); }
    uint32_t page(uint32_t linear) const { return get<uint32_t>(table_at + (linear >> 12) * 4); }
    void unmap(uint32_t linear) { set_page(linear, 0); }

    template<typename T>
    void put(uint32_t address, T value)
    {
        if (!memory.write(Gpa { address }, value))
            throw "not RAM";
    }
    template<typename T>
    T get(uint32_t address) const
    {
        auto value = memory.read<T>(Gpa { address });
        if (!value)
            throw "not RAM";
        return *value;
    }

    void put_code(std::initializer_list<uint8_t> bytes)
    {
        uint32_t at = state.segment(Cs).base + state.eip;
        for (uint8_t byte : bytes)
            put(at++, byte);
    }

    // The topmost items of the stack, top first.
    template<typename T = uint32_t>
    std::vector<uint32_t> stack(unsigned count) const
    {
        std::vector<uint32_t> items;
        for (uint32_t i = 0; i < count; ++i)
            items.push_back(get<T>(state.segment(Ss).base + state.gpr[Esp] + i * uint32_t { sizeof(T) }));
        return items;
    }
};

inline Event hardware_interrupt(const CpuState& state, uint8_t vector)
{
    return { EventType::ExternalInterrupt, vector, false, 0, 0, state.eip, 0 };
}

// An exception that is a fault: it returns to the instruction that raised it.
inline Event exception_event(const CpuState& state, uint8_t vector)
{
    return { EventType::HardwareException, vector, false, 0, 0, state.eip, 0 };
}
inline Event exception_event(const CpuState& state, uint8_t vector, uint32_t error_code, uint32_t address = 0)
{
    return { EventType::HardwareException, vector, true, error_code, address, state.eip, 0 };
}

// INT n, two bytes long.
inline Event software_interrupt(const CpuState& state, uint8_t vector)
{
    return { EventType::SoftwareInterrupt, vector, false, 0, 0, state.eip + 2, 0 };
}

}
