// Unicorn's buffer of translated code, from outside: which block a host address lies in, and where that block leaves.
//
//   prologue   ... jmp *entry           saves registers, then jumps to a block
//   epilogue   xor eax, eax             a block jumps here when it does not know which block follows,
//              ...; ret                 or here with its own header's address in RAX, and back in Unicorn's loop
//   header     a block's description: the guest address first, then, among others, where its code is, and how long
//   code       ... jmp next block       several ways out
//   table      for each of the block's guest instructions, in which form the flags are before it, and where its code ends
//   header ...
//
// A way out is a jump to another block's first instruction or to the epilogue. At the moment of such a jump the block
// before is done, nothing of the next has run, and all of the guest's state is in memory, not in host registers.
//
// None of this is Unicorn's interface. It is learned from a small guest that runs at start-up, and proven by stopping one
// (stop_proof.hpp); the searches are made of reads alone and may be used in a signal handler.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unicorn/unicorn.h>

namespace ringside {

class TranslatedCode {
public:
    struct Block {
        uintptr_t code = 0;
        uint64_t size = 0;  // of the code
        uint64_t guest = 0; // linear address
        bool operator==(const Block&) const = default;
    };
    // No block of an x86 guest has more than five.
    static constexpr std::size_t most_exits = 16;
    struct Exits {
        std::array<uintptr_t, most_exits> jumps {};
        std::array<uintptr_t, most_exits> targets {}; // 0: through a register; where it led before a detour
        std::size_t count = 0;
    };

    // Nothing where the host is not x86-64 or the buffer does not look as above. Runs a guest in `engine`, which must have
    // neither memory nor hooks, and leaves it so.
    static std::optional<TranslatedCode> learn(uc_engine* engine);

    // uc_emu_start() without an end. Sets `stack` to the stack pointer that translated code is going to run with.
    [[gnu::noinline]] uc_err run(uc_engine* engine, uint32_t eip, volatile uintptr_t& stack) const;

    uintptr_t end() const { return m_end; }
    bool contains(uintptr_t address) const { return address >= m_epilogue && address < m_end; }
    std::optional<Block> block_at(uintptr_t address) const;
    std::optional<Block> block_starting_at(uintptr_t code) const;
    // The block that was translated after `block`; the first of all for a Block {}.
    std::optional<Block> block_behind(const Block& block) const;
    // The block that has called a function of Unicorn, by the return address below `stack`. While Unicorn's loop runs it
    // may be one that called something earlier.
    std::optional<Block> calling_block(uintptr_t stack) const;
    static uintptr_t return_address(uintptr_t stack);
    Exits exits_of(const Block& block) const;
    struct GuestInstruction {
        uint32_t eip = 0;
        uint32_t flags_form = 0; // UnicornState::set_flags_form()
    };
    // The one whose code has called a function of Unicorn, as for calling_block(). Nothing if the table behind the block does
    // not say.
    std::optional<GuestInstruction> calling_instruction(uintptr_t stack) const;
    // Its form of the flags, if it is the one at `eip`; else 0.
    uint32_t flags_form(uintptr_t stack, uint32_t eip) const;

    // Ways out that lead to plain_return() may lead to `detour` instead (detour.hpp).
    void set_detour(uintptr_t detour) { m_detour = detour; }

    // What a block returns that was not begun, because it was asked to stop (TB_EXIT_REQUESTED in Unicorn's source).
    uintptr_t not_begun(const Block& block) const { return (block.code - m_header_distance) | 3; }

    uintptr_t entry() const { return m_entry; }               // `jmp` of the prologue
    uintptr_t plain_return() const { return m_epilogue - 2; } // `xor eax, eax`
    uintptr_t epilogue() const { return m_epilogue; }         // behind it
    // uc_emu_stop() makes it negative. Blocks look at it before their first instruction and behind each access to memory.
    uintptr_t stop_flag() const { return m_stop_flag; }

private:
    std::optional<GuestInstruction> instruction_at(const Block& block, uintptr_t return_address) const;
    // From an address in the code of the block at `guest`, and what RBP is there.
    bool find_all(uintptr_t code, uint64_t guest, uintptr_t cpu);
    bool find_mapping(uintptr_t code);
    bool find_header(uintptr_t code, uint64_t guest);
    bool find_epilogue(const Block& block);
    bool find_stop_flag(const Block& block, uintptr_t cpu);

    uintptr_t m_end = 0;
    uintptr_t m_entry = 0;
    uintptr_t m_epilogue = 0;
    uintptr_t m_stop_flag = 0;
    uintptr_t m_detour = 0;
    std::size_t m_header_distance = 0;  // from the header to the code
    std::size_t m_pointer_distance = 0; // from the header's pointer to the code; the size follows the pointer
    std::size_t m_stack_distance = 0;   // from the frame of run() to that of translated code
};

}
