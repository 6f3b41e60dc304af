#include "strategies/emulation/translated_code.hpp"

#include "core/machine/address.hpp"

#include <Zydis/Zydis.h>
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

namespace ringside {

namespace {

constexpr std::size_t code_alignment = 64; // Unicorn's, to the host's cache line
constexpr std::size_t longest_header = 512;
constexpr uint64_t longest_block = 128 << 10;

// Of Unicorn's memory and stack, of which AddressSanitizer knows nothing.
template<typename T>
[[gnu::no_sanitize_address]] T load(uintptr_t address)
{
    struct [[gnu::packed, gnu::may_alias]] Unaligned {
        T value;
    };
    return reinterpret_cast<const Unaligned*>(address)->value;
}

// A number of variable length, seven bits a byte, the lowest first (DWARF 5 §7.6, "signed LEB128"). Moves `at` behind it.
uint64_t signed_number(uintptr_t& at)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64;) {
        auto byte = load<uint8_t>(at++);
        value |= uint64_t { byte & 0x7Fu } << shift;
        shift += 7;
        if (byte & 0x80)
            continue;
        bool is_negative = byte & 0x40;
        return is_negative && shift < 64 ? value | UINT64_MAX << shift : value;
    }
    return value;
}

bool bytes_are(uintptr_t address, uint8_t first, uint8_t second)
{
    return load<uint8_t>(address) == first && load<uint8_t>(address + 1) == second;
}

// Goes through the host instructions of a block. Constants that the code loads lie behind it, within its size; the code
// ends where the first of them begins.
class Instructions {
public:
    explicit Instructions(const TranslatedCode::Block& block)
        : m_next(block.code)
        , m_end(block.code + block.size)
    {
        ZydisDecoderInit(&m_decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
        ZydisDecoderEnableMode(&m_decoder, ZYDIS_DECODER_MODE_MINIMAL, ZYAN_TRUE);
    }

    bool next()
    {
        at = m_next;
        if (at >= m_end
            || !ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(
                &m_decoder, nullptr, reinterpret_cast<const void*>(at), m_end - at, &m_instruction)))
            return false;
        m_next = at + m_instruction.length;
        if (is_relative_to_rip() && !is_lea()) {
            auto constant = m_next + static_cast<uintptr_t>(m_instruction.raw.disp.value);
            if (constant > at && constant < m_end)
                m_end = constant;
        }
        return true;
    }

    uintptr_t at = 0;

    bool is_jump() const { return is_direct_jump() || is_jump_through_register(); }
    // Of a jump or LEA relative to RIP; nothing for a jump through a register.
    std::optional<uintptr_t> target() const
    {
        if (is_direct_jump())
            return m_next + static_cast<uintptr_t>(m_instruction.raw.imm[0].value.s);
        if (is_lea() && is_relative_to_rip())
            return m_next + static_cast<uintptr_t>(m_instruction.raw.disp.value);
        return std::nullopt;
    }

private:
    // Lengths and encodings are all that is decoded, which is a tenth of the work (SDM 2D appendix A.3).
    bool is_one_byte(uint8_t opcode) const
    {
        return m_instruction.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && m_instruction.opcode == opcode;
    }
    bool is_direct_jump() const { return is_one_byte(0xE9) || is_one_byte(0xEB); }
    bool is_jump_through_register() const
    {
        return is_one_byte(0xFF) && m_instruction.raw.modrm.reg == 4 && m_instruction.raw.modrm.mod == 3;
    }
    bool is_lea() const { return is_one_byte(0x8D); }
    bool is_relative_to_rip() const
    {
        return (m_instruction.attributes & ZYDIS_ATTRIB_HAS_MODRM) && m_instruction.raw.modrm.mod == 0
            && m_instruction.raw.modrm.rm == 5;
    }

    ZydisDecoder m_decoder;
    ZydisDecodedInstruction m_instruction {};
    uintptr_t m_next;
    uintptr_t m_end;
};

// What a hook sees that translated code calls directly.
struct Sighting {
    uintptr_t return_address = 0;
    uintptr_t stack = 0;
    uintptr_t cpu = 0; // RBP of translated code points into Unicorn's description of the CPU
};

[[gnu::noinline]] void sight(uc_engine*, uint64_t, uint32_t, void* user)
{
    auto& sighting = *static_cast<Sighting*>(user);
    sighting.return_address = reinterpret_cast<uintptr_t>(__builtin_return_address(0));
    sighting.stack = reinterpret_cast<uintptr_t>(__builtin_dwarf_cfa());
    // A function that asks for its frame has one, and keeps its caller's RBP there.
    sighting.cpu = load<uintptr_t>(reinterpret_cast<uintptr_t>(__builtin_frame_address(0)));
}

}

uc_err TranslatedCode::run(uc_engine* engine, uint32_t eip, volatile uintptr_t& stack) const
{
    stack = reinterpret_cast<uintptr_t>(__builtin_dwarf_cfa()) - m_stack_distance;
    return uc_emu_start(engine, eip, 0, 0, 0);
}

#if defined(__x86_64__)

std::optional<TranslatedCode> TranslatedCode::learn(uc_engine* engine)
{
    static constexpr uint8_t guest[] { 0xEB, 0x00, 0xEB, 0x00, 0xEB, 0x00, 0xF4 }; // jmp +0, three times; hlt
    constexpr uint64_t sighted = 2;
    Sighting sighting;
    TranslatedCode code;
    volatile uintptr_t frame = 0;
    uc_hook hook = 0;
    bool ran = uc_mem_map(engine, 0, page_size, UC_PROT_ALL) == UC_ERR_OK
        && uc_mem_write(engine, 0, guest, sizeof(guest)) == UC_ERR_OK
        && uc_hook_add(engine, &hook, UC_HOOK_CODE, reinterpret_cast<void*>(sight), &sighting, sighted, sighted) == UC_ERR_OK
        && code.run(engine, 0, frame) == UC_ERR_OK;
    // Now, since the translation goes with the memory.
    bool found = ran && code.find_all(sighting.return_address, sighted, sighting.cpu);
    code.m_stack_distance = frame - sighting.stack;
    uc_hook_del(engine, hook);
    uc_ctl_remove_cache(engine, uint64_t { 0 }, uint64_t { page_size });
    uc_mem_unmap(engine, 0, page_size);
    return found ? std::optional { code } : std::nullopt;
}

#else

std::optional<TranslatedCode> TranslatedCode::learn(uc_engine*)
{
    return std::nullopt;
}

#endif

bool TranslatedCode::find_all(uintptr_t code, uint64_t guest, uintptr_t cpu)
{
    if (!find_mapping(code) || !find_header(code, guest))
        return false;
    auto block = block_at(code);
    return block && find_epilogue(*block) && find_stop_flag(*block, cpu);
}

// The buffer must be writable while it is executable.
bool TranslatedCode::find_mapping(uintptr_t code)
{
    std::ifstream maps("/proc/self/maps");
    std::string line;
    while (std::getline(maps, line)) {
        char* rest = nullptr;
        uintptr_t begin = std::strtoull(line.c_str(), &rest, 16);
        uintptr_t end = std::strtoull(rest + 1, &rest, 16);
        if (code < begin || code >= end)
            continue;
        m_epilogue = begin; // until it is known
        m_end = end;
        return std::strncmp(rest, " rwx", 4) == 0;
    }
    return false;
}

// The header lies before the code, is aligned as it is, and holds its address.
bool TranslatedCode::find_header(uintptr_t code, uint64_t guest)
{
    for (uintptr_t start = code & ~(code_alignment - 1); start > m_epilogue; start -= code_alignment) {
        auto farthest = std::min<std::size_t>(longest_header, start - m_epilogue);
        for (std::size_t distance = 16; distance <= farthest; distance += sizeof(uintptr_t)) {
            if (load<uintptr_t>(start - distance) != start)
                continue;
            m_pointer_distance = distance;
            m_header_distance = (distance + code_alignment - 1) / code_alignment * code_alignment;
            return m_header_distance <= farthest && load<uint64_t>(start - m_header_distance) == guest && block_at(code);
        }
    }
    return false;
}

// A block that asks to be stopped loads its header's address, with 3 in the lowest bits, and jumps to the epilogue.
bool TranslatedCode::find_epilogue(const Block& block)
{
    Instructions instructions(block);
    std::optional<uintptr_t> loaded;
    while (instructions.next()) {
        auto target = instructions.target();
        if (instructions.is_jump() && loaded == not_begun(block) && target) {
            m_epilogue = *target;
            m_entry = *target - 4;
            return bytes_are(plain_return(), 0x33, 0xC0) && bytes_are(m_entry, 0xFF, 0xE6); // xor eax, eax; jmp rsi
        }
        loaded = instructions.is_jump() ? std::nullopt : target;
    }
    return false;
}

// A block begins with mov ebx, [rbp + flag]; test ebx, ebx; jl.
bool TranslatedCode::find_stop_flag(const Block& block, uintptr_t cpu)
{
    auto flag = static_cast<uintptr_t>(static_cast<intptr_t>(load<int8_t>(block.code + 2)));
    m_stop_flag = cpu + flag;
    return bytes_are(block.code, 0x8B, 0x5D) && bytes_are(block.code + 3, 0x85, 0xDB) && bytes_are(block.code + 5, 0x0F, 0x8C);
}

std::optional<TranslatedCode::Block> TranslatedCode::block_starting_at(uintptr_t code) const
{
    if (code % code_alignment != 0 || code < m_epilogue + m_header_distance || code >= m_end
        || load<uintptr_t>(code - m_pointer_distance) != code)
        return std::nullopt;
    Block block { code, load<uint64_t>(code - m_pointer_distance + sizeof(uintptr_t)), load<uint64_t>(code - m_header_distance) };
    // A translation that a page fault ended leaves a header without code behind.
    return block.size != 0 ? std::optional { block } : std::nullopt;
}

std::optional<TranslatedCode::Block> TranslatedCode::block_at(uintptr_t address) const
{
    if (!contains(address))
        return std::nullopt;
    uintptr_t lowest = std::max<uintptr_t>(m_epilogue, address - longest_block);
    for (uintptr_t code = address & ~(code_alignment - 1); code > lowest; code -= code_alignment) {
        if (auto block = block_starting_at(code))
            return address - code < block->size ? block : std::nullopt;
    }
    return std::nullopt;
}

// Behind a block's code is a table of where its instructions begin, of a few bytes each; then the next header.
std::optional<TranslatedCode::Block> TranslatedCode::block_behind(const Block& block) const
{
    constexpr std::size_t largest_gap = 16 << 10;
    uintptr_t end = block.code != 0 ? block.code + block.size : m_epilogue;
    uintptr_t limit = std::min(end + largest_gap, m_end);
    for (uintptr_t code = (end + code_alignment - 1) & ~(code_alignment - 1); code < limit; code += code_alignment) {
        if (auto next = block_starting_at(code))
            return next;
    }
    return std::nullopt;
}

std::optional<TranslatedCode::Block> TranslatedCode::calling_block(uintptr_t stack) const
{
    return stack != 0 ? block_at(return_address(stack)) : std::nullopt;
}

uintptr_t TranslatedCode::return_address(uintptr_t stack)
{
    return load<uintptr_t>(stack - sizeof(uintptr_t));
}

std::optional<TranslatedCode::GuestInstruction> TranslatedCode::calling_instruction(uintptr_t stack) const
{
    auto block = calling_block(stack);
    return block ? instruction_at(*block, return_address(stack)) : std::nullopt;
}

uint32_t TranslatedCode::flags_form(uintptr_t stack, uint32_t eip) const
{
    auto instruction = calling_instruction(stack);
    return instruction && instruction->eip == eip ? instruction->flags_form : 0;
}

// The table has three numbers for each guest instruction, each as its difference from the one before: the linear address,
// the form of the flags, and where the instruction's code ends. The segment's base is the second word of the header.
std::optional<TranslatedCode::GuestInstruction> TranslatedCode::instruction_at(const Block& block, uintptr_t return_address) const
{
    constexpr int most_instructions = 512;
    auto base = load<uint64_t>(block.code - m_header_distance + sizeof(uint64_t));
    uintptr_t at = block.code + block.size;
    uint64_t guest = block.guest;
    uint64_t flags_form = 0;
    uint64_t end = block.code;
    for (int i = 0; i < most_instructions && end < return_address; ++i) {
        guest += signed_number(at);
        flags_form += signed_number(at);
        end += signed_number(at);
        if (end >= return_address)
            return GuestInstruction { static_cast<uint32_t>(guest - base), static_cast<uint32_t>(flags_form) };
    }
    return std::nullopt;
}

// A block jumps to itself as to any other. Jumps out of the buffer call Unicorn, and come back.
TranslatedCode::Exits TranslatedCode::exits_of(const Block& block) const
{
    Exits exits;
    Instructions instructions(block);
    while (exits.count < most_exits && instructions.next()) {
        if (!instructions.is_jump())
            continue;
        auto target = instructions.target();
        bool stays = target && *target > block.code && *target < block.code + block.size;
        bool is_led_aside = target && *target == m_detour;
        bool calls = target && !is_led_aside && (*target < plain_return() || *target >= m_end);
        if (stays || calls)
            continue;
        exits.jumps[exits.count] = instructions.at;
        exits.targets[exits.count++] = is_led_aside ? plain_return() : target.value_or(0);
    }
    return exits;
}

}
