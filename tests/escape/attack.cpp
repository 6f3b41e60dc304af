#include "tests/escape/attack.hpp"

#include "core/trace/statistics.hpp"
#include "core/trace/story.hpp"
#include "core/trace/totals.hpp"
#include "tests/catch.hpp"
#include "tests/escape/worker_map.hpp"
#include "tests/support/running.hpp"

#include <chrono>
#include <fmt/format.h>
#include <sstream>

namespace ringside::test {

namespace {

enum class Where { Guest32, Bare32, Paravirt32, Worker64 };
enum class Proof { Proven, Unproven };

constexpr Attack all[] = {
#define ESCAPE_ATTACK(identifier, where, proof, name)                                                                  \
    { ATTACK_##identifier, Where::where != Where::Paravirt32, Where::where != Where::Bare32,                           \
        Where::where == Where::Worker64, Proof::proof == Proof::Proven, name },
#include "tests/escape/guests/attacks.inc"
#undef ESCAPE_ATTACK
};

constexpr auto longest_attack = 1000ms; // then it is stopped
constexpr auto patience = 300ms;        // and then killed

SessionConfiguration configure(const std::string& kernel, const std::string& strategy)
{
    SessionConfiguration configuration;
    configuration.name = kernel;
    configuration.strategy = strategy;
    configuration.boot.kernel_path = escape_file(kernel);
    configuration.memory_bytes = 16 * mebibyte;
    configuration.trace_capacity = 1 << 12;
    configuration.worker_program = program();
    return configuration;
}

std::string hexadecimal(const orders& orders)
{
    std::string text;
    for (auto byte : std::as_bytes(std::span { &orders, 1 }))
        text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
    return text + '\n';
}

void type_all(Session& session, std::string text)
{
    wait_until(session, [&] {
        text.erase(0, session.type(text));
        return text.empty() || session.ended();
    });
}

// What a front end does with a session that runs: it reads everything that the worker shares, damaged or not.
void read_everything(Session& session, std::string& console)
{
    std::vector<EventRecord> events;
    std::string debug;
    session.take_console(console, 1 << 16);
    session.take_debug_output(debug, 1 << 16);
    session.trace().drain(events, 1 << 12);
    auto totals = totals_of(session.trace().block(), 1);
    for (const auto& event : std::span { events }.first(std::min<std::size_t>(events.size(), 16)))
        (void)story_line(event, totals.scale, {}, {});
    (void)statistics_text(statistics_of(totals), {});
    (void)session.worker_words();
}

// The last line of the guest's that is a verdict.
std::string verdict_in(const std::string& console)
{
    std::istringstream lines(console);
    std::string verdict;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("ESCAPED: "))
            return line;
        if (line.starts_with("held: "))
            verdict = line;
    }
    return verdict;
}

}

std::span<const Attack> attacks()
{
    return all;
}

std::string wait_until_ready(Session& session)
{
    std::string console;
    REQUIRE(wait_until(session, [&] {
        session.take_console(console);
        return console.ends_with("ready\n") || session.ended();
    }));
    REQUIRE(console.ends_with("ready\n"));
    return console;
}

// Ported guests are not all that runs on a host: an unmodified one runs beside them.
Neighbor::Neighbor(const AttackedStrategy& strategy)
    : m_session(start(configure("neighbor.elf", strategy.is_paravirtual ? "emulation" : strategy.name)))
{
    wait_until_ready(*m_session);
}

bool Neighbor::is_well()
{
    m_session->type("?");
    return take_text(*m_session, 7) == "intact\n" && m_session->state() == Session::State::Running;
}

std::string AttackEnd::verdict() const
{
    if (!harm.empty())
        return "ESCAPED: " + harm;
    if (!words.empty())
        return words + (in_order ? "" : "; " + reason);
    return stopped ? "held: it had to be stopped" : "held: " + reason;
}

AttackEnd carry_out(const Attack& attack, const AttackedStrategy& strategy, const Neighbor& neighbor)
{
    Canaries canaries;
    auto configuration = configure(strategy.is_paravirtual ? "attacks-pv.elf" : "attacks.elf", strategy.name);
    configuration.recording = true;
    auto session = start(configuration);
    auto console = wait_until_ready(*session);

    orders orders {};
    orders.attack = attack.number;
    orders.random = 0x5EED + attack.number;
    orders.neighbor = static_cast<uint32_t>(neighbor.worker());
    canaries.describe(orders);
    describe_worker(session->worker(), orders);
    type_all(*session, hexadecimal(orders));

    auto give_up = std::chrono::steady_clock::now() + longest_attack;
    AttackEnd end;
    while (!session->ended() && std::chrono::steady_clock::now() < give_up) {
        session->wait(2ms, Session::Console::Ignore);
        read_everything(*session, console);
    }
    end.harm = canaries.harm(); // of a worker that still runs
    end.stopped = !session->ended();
    session->stop(patience);
    read_everything(*session, console);
    end.words = verdict_in(console);
    end.reason = session->end().result.reason;
    end.in_order = session->end().cause == SessionEnd::Cause::Guest && end.reason == "the guest ended well";
    if (end.harm.empty())
        end.harm = canaries.harm();
    return end;
}

}
