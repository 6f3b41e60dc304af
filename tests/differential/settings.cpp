#include "tests/differential/settings.hpp"

#include "core/x86/descriptors.hpp"
#include "core/x86/task_state.hpp"

namespace ringside::test {

namespace {

constexpr uint32_t gdt_at = 0x20000, ldt_at = 0x21000, tss_at = 0x22000, idt_at = 0x23000, directory_at = 0x24000, page_table_at = 0x25000, inner_stack = 0x27000;
constexpr uint32_t entry_point = 0x26800; // of call gates: where no case puts its code

constexpr uint16_t available_tss = 0xB8;
constexpr uint16_t flat_code = 0xC09B, flat_data = 0xC093, user = 0x60;

struct Entry {
    uint16_t selector;
    Descriptor descriptor;
};

constexpr Descriptor segment(uint16_t attributes, uint32_t base = 0, uint32_t limit = 0xFFFFFFFF)
{
    return Descriptor::segment(base, limit, attributes);
}

// One of everything that a selector can name.
const std::vector<Entry>& gdt()
{
    static const std::vector<Entry> entries {
        { 0x08, segment(flat_code) },
        { 0x10, segment(flat_data) },
        { 0x18, segment(flat_code | user) },
        { 0x20, segment(flat_data | user) },
        { 0x28, Descriptor::segment(tss_at, sizeof(Tss32) - 1, 0x8B) }, // the current task, busy
        { 0x30, Descriptor::segment(ldt_at, 0x1F, 0x82) },
        { 0x38, segment(0xC09F) },                          // conforming code
        { 0x40, segment(0xC099) },                          // code that cannot be read
        { 0x48, segment(0xC091) },                          // data that cannot be written
        { 0x50, segment(flat_data & ~0x80) },               // not present
        { 0x58, segment(flat_code & ~0x80) },
        { 0x60, segment(flat_data & ~1) },                  // not yet accessed
        { 0x68, segment(flat_code & ~1) },
        { 0x70, segment(0x0093, 0x1000, 0xFFFF) },          // 16-bit data with a base
        { 0x78, segment(0x4097, 0x2000, 0x1000) },          // expand-down data
        { 0x80, Descriptor::gate(Selector { 0x08 }, entry_point, 0xEC, 2) }, // call gates for ring 3
        { 0x88, Descriptor::gate(Selector { 0x08 }, entry_point, 0x8C, 0) }, // for ring 0
        { 0x90, Descriptor::gate(Selector { 0x18 }, entry_point, 0xEC, 0) },
        { 0x98, Descriptor::gate(Selector { 0x38 }, entry_point, 0xEC, 1) },
        { 0xA0, Descriptor::gate(Selector { 0x08 }, entry_point, 0x6C, 0) }, // not present
        { 0xA8, Descriptor::gate(Selector { 0x10 }, entry_point, 0xEC, 0) }, // leads to data
        { 0xB0, Descriptor::gate(Selector { 0x00 }, entry_point, 0xEC, 0) },
        { available_tss, Descriptor::segment(tss_at, sizeof(Tss32) - 1, 0x89) },      // available: for LTR
        { 0xC0, Descriptor::segment(ldt_at, 0x1F, 0x02) },                   // an LDT that is not present
        { 0xC8, Descriptor::gate(Selector { 0x08 }, 0, 0xEE) },              // an interrupt gate
        { 0xD0, segment(0xC0DF & ~0x60) },                                   // conforming, ring 0, with base 0
    };
    return entries;
}

void put(GuestMemory& memory, uint32_t address, uint64_t value)
{
    memory.write(Gpa { address }, value);
}

std::vector<uint16_t> selectors(unsigned ring)
{
    std::vector<uint16_t> all;
    for (const auto& entry : gdt()) {
        all.push_back(entry.selector);
        all.push_back(static_cast<uint16_t>(entry.selector | ring));
        all.push_back(static_cast<uint16_t>(entry.selector | 3));
    }
    for (unsigned local : { 0x04u, 0x0Cu, 0x14u, 0x1Cu, 0x24u })
        all.push_back(static_cast<uint16_t>(local | ring));
    all.insert(all.end(), { 0, 3, 0x08, 0x10, 0x18 | 3, 0x20 | 3 });
    return all;
}

Setting protected_mode(std::string name, unsigned ring)
{
    Setting setting { .name = std::move(name) };
    CpuState& state = setting.state;
    auto dpl = static_cast<uint16_t>(ring << 5);
    auto data = static_cast<uint16_t>(ring == 0 ? 0x10 : 0x23), code = static_cast<uint16_t>(ring == 0 ? 0x08 : 0x1B);
    state.segments.fill({ data, static_cast<uint16_t>(flat_data | dpl), 0, 0xFFFFFFFF });
    state.segment(Cs) = { code, static_cast<uint16_t>(flat_code | dpl), 0, 0xFFFFFFFF };
    state.gdtr = { gdt_at, 0xDF };
    state.idtr = { idt_at, 0x7FF };
    state.ldtr = { 0x30, 0x82, ldt_at, 0x1F };
    state.tr = { 0x28, 0x8B, tss_at, sizeof(Tss32) - 1 };
    state.cr0 = cr0::pe | cr0::et | cr0::ne;
    setting.selectors = selectors(ring);
    setting.task_selector = available_tss;
    setting.fixed_flags = eflags::if_;
    return setting;
}

Setting with_bases(Setting setting)
{
    setting.name += ", segments with bases";
    uint32_t base = 0x400;
    for (auto which : { Es, Ss, Ds, Fs, Gs })
        setting.state.segment(which).base = base += 0x234;
    setting.near_code_base = true;
    return setting;
}

Setting with_16_bit_code(Setting setting)
{
    setting.name += ", 16-bit code";
    setting.near_code_base = true;
    setting.state.segment(Cs).attributes &= static_cast<uint16_t>(~Segment::default_big);
    return setting;
}

Setting with_16_bit_stack(Setting setting)
{
    setting.name += ", 16-bit stack";
    setting.state.segment(Ss).attributes &= static_cast<uint16_t>(~Segment::default_big);
    return setting;
}

Setting with_paging(Setting setting, uint32_t write_protect)
{
    setting.name += write_protect ? ", paging" : ", paging without WP";
    setting.state.cr3 = directory_at;
    setting.state.cr0 |= cr0::pg | write_protect;
    return setting;
}

// Four MiB, each page where it is.
void place_page_tables(GuestMemory& memory)
{
    constexpr uint32_t all = 7, read_only = 5, supervisor = 3, supervisor_read_only = 1, absent = 6;
    constexpr uint32_t kinds[] { all, all, read_only, all, supervisor, all, absent, all, supervisor_read_only, all, all };
    memory.write(Gpa { directory_at }, page_table_at | all);
    for (uint32_t page = 0; page < 1024; ++page) {
        bool in_window = page * page_size < data_window_end;
        memory.write(Gpa { page_table_at + 4 * page }, page * page_size | (in_window ? kinds[page % std::size(kinds)] : all));
    }
}

Setting real_mode()
{
    Setting setting { .name = "real-address mode" };
    CpuState& state = setting.state;
    state.segments.fill({ 0x100, 0x93, 0x1000, 0xFFFFFFFF }); // limits as after a return from protected mode
    state.segment(Cs) = { 0, 0x93, 0, 0xFFFFFFFF };
    setting.near_code_base = true;
    state.idtr = { 0, 0x3FF };
    state.tr = { 0, 0x8B, 0, 0xFFFF };
    setting.fixed_flags = eflags::if_;
    return setting;
}

}

void place_tables(GuestMemory& memory)
{
    for (const auto& entry : gdt())
        put(memory, gdt_at + entry.selector, entry.descriptor.raw);
    put(memory, ldt_at + 0x00, segment(flat_data | user).raw);
    put(memory, ldt_at + 0x08, segment(flat_code | user).raw);
    put(memory, ldt_at + 0x10, segment(flat_data).raw);
    put(memory, ldt_at + 0x18, segment(flat_code).raw);
    Tss32 tss {};
    tss.stacks[0] = { inner_stack, 0x10 };
    memory.write(Gpa { tss_at }, tss);
    place_page_tables(memory);
}

std::vector<Setting> ordinary_settings()
{
    return { protected_mode("ring 0", 0), protected_mode("ring 3", 3), with_bases(protected_mode("ring 3", 3)),
        with_16_bit_code(with_bases(protected_mode("ring 0", 0))),
        with_16_bit_stack(with_16_bit_code(protected_mode("ring 0", 0))), with_16_bit_stack(protected_mode("ring 3", 3)),
        real_mode() };
}

std::vector<Setting> host_settings()
{
    std::vector<Setting> settings { protected_mode("ring 3", 3), with_bases(protected_mode("ring 3", 3)),
        with_16_bit_code(protected_mode("ring 3", 3)) };
    for (auto& setting : settings) {
        setting.selectors.clear();
        setting.host_program = true;
        setting.near_code_base = true; // a branch cut to 16 bits must not lead into the data
    }
    return settings;
}

std::vector<Setting> paged_settings()
{
    return { with_paging(protected_mode("ring 3", 3), cr0::wp), with_paging(protected_mode("ring 0", 0), cr0::wp),
        with_paging(protected_mode("ring 0", 0), 0), with_paging(with_16_bit_code(protected_mode("ring 3", 3)), cr0::wp) };
}

std::vector<Setting> system_settings()
{
    Setting with_iopl = protected_mode("ring 3 within IOPL", 3);
    with_iopl.fixed_flags |= eflags::iopl;
    return { protected_mode("ring 0", 0), protected_mode("ring 3", 3), with_iopl, with_bases(protected_mode("ring 0", 0)),
        with_16_bit_stack(protected_mode("ring 0", 0)) };
}

}
