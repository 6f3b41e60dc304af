#include "strategies/emulation/stop_proof.hpp"

#include "core/machine/address.hpp"
#include "strategies/emulation/stop_signals.hpp"
#include "strategies/emulation/stops_by_breakpoint.hpp"

#include <csignal>
#include <vector>

namespace ringside {

namespace {

// EAX, EBX: rounds of `counting`. ESI: rounds of `landing`. EBP: 1 at the end.
constexpr uint8_t guest[] {
    0xEB, 0x00,                         //  0            jmp  counting
    0x40,                               //  2 counting:  inc  eax
    0x90,                               //  3            nop            ; the hook is here
    0x43,                               //  4            inc  ebx
    0x49,                               //  5            dec  ecx
    0x75, 0xFA,                         //  6            jnz  counting
    0xBA, 0x10, 0x00, 0x00, 0x00,       //  8 jumping:   mov  edx, landing
    0xFF, 0xE2,                         // 13            jmp  edx
    0x90,                               // 15
    0x46,                               // 16 landing:   inc  esi
    0x4F,                               // 17            dec  edi
    0x75, 0xF4,                         // 18            jnz  jumping
    0x90,                               // 20 opening:   nop
    0xE4, 0x10,                         // 21            in   al, 16
    0xFB,                               // 23            sti
    0x45,                               // 24            inc  ebp
    0xF4,                               // 25            hlt
};
constexpr uint32_t counting = 2, in_counting = 3, jumping = 8, landing = 16, opening = 20, port_read = 21, sti = 23,
                   behind_sti = 24, halt = 25;
constexpr uint32_t rounds = 12;

// Where the guest was each time that somebody looked.
struct Look {
    uint32_t eip = 0, eax = 0, ebx = 0, esi = 0;
    bool operator==(const Look&) const = default;
};

class Proof final : public BetweenBlocks {
public:
    Proof(uc_engine* unicorn, UnicornState& state, const TranslatedCode& code)
        : m_unicorn(unicorn)
        , m_stops(unicorn, state, *this, code)
    {
    }

    enum class How : uint8_t { ByCall, BySignal, AfterReturn, Waiting };

    // True if the guest ran to its end and gave what it always gives.
    bool run(How how)
    {
        m_how = how;
        m_visits = 0;
        looks.clear();
        returns.clear();
        m_eip_at_port = 0;
        for (int name : { UC_X86_REG_EAX, UC_X86_REG_EBX, UC_X86_REG_ESI, UC_X86_REG_EBP, UC_X86_REG_EIP })
            put(name, 0);
        put(UC_X86_REG_ECX, rounds);
        put(UC_X86_REG_EDI, rounds);
        put(UC_X86_REG_EFLAGS, 2);
        return m_stops.run() == UC_ERR_OK && now() == Look { halt + 1, rounds, rounds, rounds }
            && m_eip_at_port == port_read;
    }

    std::vector<Look> looks;
    std::vector<Look> returns; // the same for each that was reported

    void note_opening(uint32_t block, bool is_return) { m_stops.note_opening(block, is_return); }
    bool report_returns(bool wanted) { return m_stops.report_returns(wanted); }

    static uint32_t on_port(uc_engine*, uint32_t, int, void* user)
    {
        auto& self = *static_cast<Proof*>(user);
        self.m_eip_at_port = self.m_stops.running_instruction();
        return rounds; // which EAX is already
    }
    static void on_hook(uc_engine*, uint64_t address, uint32_t, void* user) { static_cast<Proof*>(user)->visit(address); }

private:
    // Requests some stops at first, when blocks are not yet linked to each other, and some afterwards.
    void visit(uint64_t address)
    {
        if (address == sti && m_how == How::AfterReturn)
            m_stops.request_after_return();
        if (address == sti || ++m_visits % 3 != 0)
            return;
        if (m_how == How::ByCall)
            m_stops.request();
        if (m_how == How::BySignal)
            pthread_kill(pthread_self(), StopSignals::request_signal());
    }

    bool anything_to_look_for() const override { return true; }
    Go look() override
    {
        looks.push_back(now());
        if (m_how != How::Waiting)
            return Go::On;
        return looks.back().eip == behind_sti ? Go::WaitShadow : Go::Wait;
    }

    void returned() override { returns.push_back(now()); }

    Look now() const { return { get(UC_X86_REG_EIP), get(UC_X86_REG_EAX), get(UC_X86_REG_EBX), get(UC_X86_REG_ESI) }; }
    uint32_t get(int name) const
    {
        uint32_t value = 0;
        uc_reg_read(m_unicorn, name, &value);
        return value;
    }
    void put(int name, uint32_t value) { uc_reg_write(m_unicorn, name, &value); }

    uc_engine* m_unicorn;
    StopsByBreakpoint m_stops;
    How m_how = How::ByCall;
    unsigned m_visits = 0;
    uint32_t m_eip_at_port = 0;
};

// The hooks are visited once a round, and ask in every third: each time there is a look before the block that follows.
std::vector<Look> looks_at_requests()
{
    std::vector<Look> expected { {} };
    for (uint32_t round = 3; round <= rounds; round += 3)
        expected.push_back({ round < rounds ? counting : jumping, round, round, 0 });
    for (uint32_t round = 3; round <= rounds; round += 3)
        expected.push_back({ landing, rounds, rounds, round - 1 });
    return expected;
}

// STI leaves its block as IRET does. No request comes in between.
std::vector<Look> looks_behind_sti(bool in_its_shadow)
{
    std::vector<Look> expected { {}, { behind_sti, rounds, rounds, rounds } };
    if (in_its_shadow)
        expected.push_back({ halt, rounds, rounds, rounds });
    return expected;
}

bool holds(Proof& proof)
{
    for (auto how : { Proof::How::ByCall, Proof::How::BySignal }) {
        if (!proof.run(how) || proof.looks != looks_at_requests())
            return false;
    }
    if (!proof.run(Proof::How::AfterReturn) || proof.looks != looks_behind_sti(false))
        return false;
    proof.note_opening(opening, true);
    if (!proof.run(Proof::How::Waiting) || proof.looks != looks_behind_sti(true) || !proof.returns.empty())
        return false;
    if (!proof.report_returns(true)) // they will be watched instead
        return true;
    const std::vector<Look> reported { { behind_sti, rounds, rounds, rounds } };
    for (auto how : { Proof::How::ByCall, Proof::How::Waiting }) {
        if (!proof.run(how) || proof.returns != reported)
            return false;
    }
    return proof.looks == looks_behind_sti(true);
}

}

bool prove_stops(uc_engine* unicorn, UnicornState& state, const TranslatedCode& code)
{
    Proof proof(unicorn, state, code);
    std::vector<uc_hook> hooks;
    bool holding = uc_mem_map(unicorn, 0, page_size, UC_PROT_ALL) == UC_ERR_OK
        && uc_mem_write(unicorn, 0, guest, sizeof(guest)) == UC_ERR_OK;
    auto callback = reinterpret_cast<void*>(static_cast<uc_cb_hookcode_t>(Proof::on_hook));
    for (uint32_t address : { in_counting, jumping, sti }) {
        uc_hook& hook = hooks.emplace_back();
        holding = holding && uc_hook_add(unicorn, &hook, UC_HOOK_CODE, callback, &proof, address, address) == UC_ERR_OK;
    }
    uc_hook& port = hooks.emplace_back();
    holding = holding
        && uc_hook_add(unicorn, &port, UC_HOOK_INSN, reinterpret_cast<void*>(Proof::on_port), &proof, 1, 0, UC_X86_INS_IN)
            == UC_ERR_OK;
    holding = holding && holds(proof);
    for (uc_hook hook : hooks)
        uc_hook_del(unicorn, hook);
    uc_ctl_remove_cache(unicorn, uint64_t { 0 }, uint64_t { page_size });
    uc_mem_unmap(unicorn, 0, page_size);
    return holding;
}

}
