// Looking at a guest, and leading it from event to event.
#include "core/machine/strategy.hpp"
#include "core/session/session.hpp"

#include <array>

namespace ringside {

Result<void> Session::step(StepKind kind)
{
    if (m_state != State::Paused)
        return fail(ExitCode::Usage, "a single step begins with a pause", "pause the guest first");
    return go_on_to(events_of(kind));
}

Result<void> Session::run_to(EventKind kind)
{
    if (ended())
        return fail(ExitCode::Usage, "the guest has ended");
    return go_on_to(only(kind));
}

Result<void> Session::go_on_to(const EventSet& until)
{
    if (!m_trace.block().recording.load())
        return fail(ExitCode::Usage, "the guest is led by its events, and they are not being recorded");
    if (const auto* strategy = find_strategy(m_strategy)) {
        if (auto possible = check_step(strategy->info(), until); !possible)
            return possible;
    }
    std::array<std::byte, (event_kind_count + 7) / 8> kinds {};
    for (std::size_t kind = 0; kind < event_kind_count; ++kind)
        kinds[kind / 8] |= static_cast<std::byte>((until[kind] ? 1u : 0u) << kind % 8);
    if (!try_send_message(m_control.get(), MessageKind::Step, kinds))
        return fail(ExitCode::Unavailable, "the worker does not listen");
    m_state = State::Running;
    return {};
}

void Session::request_snapshot()
{
    if (ended() || m_wants_snapshot)
        return;
    std::array body { static_cast<std::byte>(Command::Snapshot) };
    m_wants_snapshot = try_send_message(m_control.get(), MessageKind::Command, body);
}

void Session::take_snapshot(std::span<const std::byte> part)
{
    bool is_last = !part.empty() && part[0] == std::byte { 0 };
    bool expected = m_wants_snapshot && part.size() > 1 && part.size() - 1 <= longest_snapshot - m_snapshot_parts.size();
    if (expected)
        m_snapshot_parts.insert(m_snapshot_parts.end(), part.begin() + 1, part.end());
    if (expected && !is_last)
        return;
    auto snapshot = expected ? decode_snapshot(m_snapshot_parts) : std::nullopt;
    m_wants_snapshot = false;
    m_snapshot_parts.clear();
    if (!snapshot)
        return break_off("the worker sent a damaged message");
    m_snapshot = std::move(snapshot);
    ++m_snapshots_taken;
}

void Session::take_memory(Message& message)
{
    if (m_memory || m_ready || message.descriptors.size() != 1)
        return break_off("the worker sent a damaged message");
    auto memory = GuestMemory::open_read_only(message.descriptors[0].release(), m_memory_bytes);
    if (!memory)
        return break_off("the worker showed something else than its guest's memory");
    m_memory.emplace(std::move(*memory));
}

}
