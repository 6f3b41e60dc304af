#include "tests/differential/program.hpp"

#include "core/x86/descriptors.hpp"
#include "tests/differential/settings.hpp"
#include "tests/differential/cases.hpp"

#include <cstring>
#include <initializer_list>
#include <random>

namespace ringside::test {

namespace {

using namespace program_layout;

constexpr uint32_t idt_at = 0x23000, page_table_at = 0x25000;
constexpr uint32_t stub_bytes = 16, common_at = handlers + 0x2000, stop_at = handlers + 0x3000;

class Bytes {
public:
    Bytes(GuestMemory& memory, uint32_t at) : m_memory(memory), m_at(at) { }
    Bytes& raw(std::initializer_list<unsigned> bytes)
    {
        for (unsigned byte : bytes)
            m_memory.write(Gpa { m_at++ }, static_cast<uint8_t>(byte));
        return *this;
    }
    Bytes& word(uint32_t value)
    {
        m_memory.write(Gpa { m_at }, value);
        m_at += 4;
        return *this;
    }
    Bytes& relative(uint32_t target) { return word(target - (m_at + 4)); }

private:
    GuestMemory& m_memory;
    uint32_t m_at;
};

bool has_error_code(unsigned vector)
{
    return vector == DF || (vector >= TS && vector <= PF) || vector == AC;
}

// Events whose EIP is behind the instruction.
bool is_trap(unsigned vector)
{
    return vector == DB || vector == BP || vector == OF || vector >= 32;
}

// Pushes an error code, if the processor does not, and the vector, with a mark if it is a trap's.
void place_stub(GuestMemory& memory, unsigned vector)
{
    uint32_t at = handlers + vector * stub_bytes;
    memory.write(Gpa { idt_at + 8 * vector }, Descriptor::gate(Selector { 0x08 }, at, 0xEE).raw);
    Bytes code(memory, at);
    if (vector == end_vector) {
        code.raw({ 0xE9 }).relative(stop_at);
        return;
    }
    if (!has_error_code(vector))
        code.raw({ 0x6A, 0 });
    code.raw({ 0x68 }).word(vector | (is_trap(vector) ? 0x8000u : 0)).raw({ 0xE9 }).relative(common_at);
}

// Everything through SS, which is always a flat segment here, and without flags that the manual leaves undefined.
void place_common(GuestMemory& memory)
{
    Bytes code(memory, common_at);
    code.raw({ 0x60, 0xFC });                              // pusha; cld
    code.raw({ 0x36, 0x8B, 0x3D }).word(log_position);     // mov %ss:log_position, %edi
    code.raw({ 0x81, 0xFF }).word(log_end);                // cmp $log_end, %edi
    code.raw({ 0x0F, 0x83 }).relative(stop_at);            // jae stop
    for (unsigned i = 0; i < 5; ++i)                       // vector, error code, EIP, CS, EFLAGS
        code.raw({ 0x8B, 0x44, 0x24, 32 + 4 * i, 0x36, 0x89, 0x47, 4 * i });
    code.raw({ 0x0F, 0x20, 0xD0, 0x36, 0x89, 0x47, 20 });  // mov %cr2, %eax; mov %eax, %ss:20(%edi)
    for (unsigned i = 0; i < 8; ++i)
        code.raw({ 0x8B, 0x44, 0x24, 4 * i, 0x36, 0x89, 0x47, 24 + 4 * i });
    code.raw({ 0x83, 0xC7, 0x40 });                        // add $64, %edi
    code.raw({ 0x36, 0x89, 0x3D }).word(log_position);     // mov %edi, %ss:log_position
    code.raw({ 0xC7, 0x44, 0x24, 36 }).word(0);            // movl $0, 36(%esp): the error code is not for the stack's reader
    code.raw({ 0x81, 0x64, 0x24, 48 }).word(~eflags::rf);  // andl $~RF, 48(%esp): Unicorn keeps RF, and PUSHF shows it
    code.raw({ 0x81, 0x7C, 0x24, 32 }).word(0x8000);       // cmpl $0x8000, 32(%esp)
    code.raw({ 0x73, 34 });                                // jae done
    code.raw({ 0x8B, 0x44, 0x24, 40 });                    // mov 40(%esp), %eax
    code.raw({ 0x2D }).word(program_layout::code);         // sub $code, %eax
    code.raw({ 0x3D }).word(code_bytes);                   // cmp $code_bytes, %eax
    code.raw({ 0x73, 23 });                                // jae lost
    code.raw({ 0x36, 0x0F, 0xB7, 0x04, 0x45 }).word(resume_table); // movzwl %ss:resume_table(,%eax,2), %eax
    code.raw({ 0x05 }).word(program_layout::code);         // add $code, %eax
    code.raw({ 0x89, 0x44, 0x24, 40 });                    // mov %eax, 40(%esp)
    // done:
    code.raw({ 0x61, 0x83, 0xC4, 0x08, 0xCF });            // popa; add $8, %esp; iret
    // lost:
    code.raw({ 0xE9 }).relative(stop_at);
}

// Read-only, the kernel's, both, or absent: pages of the data window, and all that no program needs.
void place_pages(GuestMemory& memory)
{
    constexpr uint32_t all = 7, read_only = 5, kernel = 3, kernel_read_only = 1;
    for (uint32_t page = 0; page < 1024; ++page) {
        uint32_t at = page * page_size, kind = 0;
        if (at < data_window_end)
            kind = page == 2 ? read_only : page == 4 ? kernel : page == 6 ? 0 : page == 0xC ? kernel_read_only : all;
        else if (at >= tables_begin && at < handlers)
            kind = kernel_read_only;
        else if (at >= handlers && at < log)
            kind = kernel_read_only;
        else if (at >= log && at <= log_position)
            kind = kernel;
        else if (at >= resume_table && at < resume_table + 2 * code_bytes)
            kind = kernel_read_only;
        else if (at >= program_layout::code && at < program_layout::code + code_bytes)
            kind = all;
        constexpr uint32_t inner_stack_page = 0x26;
        if (page == inner_stack_page)
            kind = kernel;
        memory.write(Gpa { page_table_at + 4 * page }, kind ? at | kind : 0);
    }
}

}

void place_program_world(GuestMemory& memory)
{
    std::mt19937_64 random(7);
    for (auto& byte : memory.bytes(Gpa { 0 }, data_window_end))
        byte = static_cast<std::byte>(random());
    for (uint32_t at = 0; at < 0x2000; at += 2) // where branches lead that are cut to 16 bits
        Bytes(memory, at).raw({ 0xCD, end_vector });
    place_tables(memory);
    place_pages(memory);
    for (unsigned vector = 0; vector < 256; ++vector)
        place_stub(memory, vector);
    place_common(memory);
    Bytes(memory, stop_at).raw({ 0xFA, 0xF4, 0xEB, 0xFC }); // cli; hlt; and again
    memory.write(Gpa { log_position }, program_layout::log);
}

void place(GuestMemory& memory, const Program& program)
{
    auto bytes = memory.bytes(Gpa { program_layout::code }, code_bytes);
    std::memset(bytes.data(), 0xCC, bytes.size());
    std::memcpy(bytes.data(), program.bytes.data(), program.bytes.size());
    auto table = memory.bytes(Gpa { resume_table }, 2 * code_bytes);
    uint16_t end = program.boundaries.back();
    for (uint32_t i = 0; i < code_bytes; ++i)
        std::memcpy(&table[2 * i], &end, sizeof(end)); // from within an instruction: to the end
    for (std::size_t i = 0; i + 1 < program.boundaries.size(); ++i)
        std::memcpy(&table[2 * program.boundaries[i]], &program.boundaries[i + 1], sizeof(uint16_t));
}

std::vector<LoggedEvent> logged_events(const GuestMemory& memory)
{
    uint32_t end = memory.read<uint32_t>(Gpa { log_position }).value_or(0);
    std::vector<LoggedEvent> events;
    for (uint32_t at = program_layout::log; at < end && at < log_end; at += sizeof(LoggedEvent)) {
        events.emplace_back();
        auto bytes = memory.bytes(Gpa { at }, sizeof(LoggedEvent));
        std::memcpy(&events.back(), bytes.data(), sizeof(LoggedEvent));
    }
    return events;
}

}
