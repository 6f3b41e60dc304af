// One attack, carried out by a guest in a session of its own.
#pragma once

#include "tests/escape/canaries.hpp"
#include "tests/escape/strategies.hpp"

#include "core/session/session.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace ringside::test {

struct Attack {
    attack number;
    bool on_bare = false; // exists for an unmodified guest, for a ported one
    bool on_paravirtual = false;
    bool in_worker = false; // by 64-bit code in the worker's process
    bool is_proven = false; // proof_test.cpp shows that it succeeds where nobody stops it
    std::string_view name;
};

std::span<const Attack> attacks();
inline bool exists(const Attack& attack, const AttackedStrategy& strategy)
{
    return strategy.is_paravirtual ? attack.on_paravirtual : attack.on_bare;
}

// Waits until the guest has said that it is ready; returns all that it said until then.
std::string wait_until_ready(Session& session);

// The VM that runs beside the one that attacks.
class Neighbor {
public:
    explicit Neighbor(const AttackedStrategy& strategy);
    pid_t worker() const { return m_session->worker(); }
    // Whether it still runs, answers, and finds its memory as it left it.
    bool is_well();

private:
    std::unique_ptr<Session> m_session;
};

struct AttackEnd {
    std::string words;     // the guest's verdict, "held: ..." or "ESCAPED: ...", or ""
    std::string reason;    // how the session says that the VM ended
    bool in_order = false; // the guest lived on and ended well
    bool stopped = false;  // it had to be stopped
    std::string harm;      // to the canaries, or ""

    bool escaped() const { return words.starts_with("ESCAPED") || !harm.empty(); }
    std::string verdict() const;
};

AttackEnd carry_out(const Attack& attack, const AttackedStrategy& strategy, const Neighbor& neighbor);

}
