#include "cli/story_teller.hpp"

#include "core/trace/story.hpp"
#include "core/trace/totals.hpp"

#include <string>
#include <unistd.h>
#include <utility>

namespace ringside {

namespace {

// Setting up a machine records a handful. A guest that has broken out could keep its first moment to itself.
constexpr std::size_t most_early = 1 << 12;

}

void StoryTeller::tell(Session& session, std::span<const EventRecord> events, const SymbolTable& symbols)
{
    m_early.insert(m_early.end(), events.begin(), events.end());
    auto scale = totals_of(session.trace().block(), 0).scale;
    bool is_known = scale.origin != 0 || m_clock == ClockKind::Virtual || session.ended() || m_early.size() > most_early;
    if (!is_known)
        return;
    std::string text;
    for (const auto& event : std::exchange(m_early, {}))
        text += story_line(event, scale, symbols, m_style) + '\n';
    [[maybe_unused]] ssize_t written = write(STDERR_FILENO, text.data(), text.size());
}

}
