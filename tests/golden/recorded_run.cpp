#include "tests/golden/recorded_run.hpp"

#include "tests/catch.hpp"

#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <sys/wait.h>

namespace ringside::test {

namespace {

std::string from_environment(const char* name, const char* otherwise)
{
    const char* value = std::getenv(name);
    return value ? value : otherwise;
}

bool comes_by_the_clock(EventKind kind)
{
    return kind == EventKind::Kick || kind == EventKind::InterruptLine || kind == EventKind::Halt
        || kind == EventKind::InterruptWindow || kind == EventKind::TranslationFlush;
}

std::string line_of(const EventRecord& record)
{
    auto line = fmt::format("{{\"event\":\"{}\",\"virtual_ring\":{}", describe(record.kind).name, record.virtual_ring);
    for (const auto& field : EventFields(record)) {
        if (field.name != "address")
            line += fmt::format(",\"{}\":{}", field.name, field.value);
    }
    return line + "}\n";
}

}

int record(const std::string& arguments, const std::filesystem::path& trace)
{
    auto program = from_environment("RINGSIDE", RINGSIDE_SOURCE_DIR "/build/release/ringside");
    auto command = fmt::format("'{}' run {} --quiet --clock virtual --trace '{}' >/dev/null </dev/null", program, arguments, trace.string());
    int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::vector<EventRecord> read_trace(const std::filesystem::path& trace)
{
    auto reader = TraceReader::open(trace.string());
    REQUIRE(reader);
    auto events = read_all(*reader);
    REQUIRE(reader->ending().message == "");
    REQUIRE(reader->totals());
    REQUIRE(reader->totals()->dropped == 0);
    return events;
}

std::string normalized(const std::vector<EventRecord>& events, std::size_t count)
{
    std::string text;
    for (const auto& event : events) {
        if (comes_by_the_clock(event.kind))
            continue;
        if (count-- == 0)
            break;
        text += line_of(event);
    }
    return text;
}

std::string read_file(const std::filesystem::path& path)
{
    std::ifstream file(path, std::ios::binary);
    return { std::istreambuf_iterator<char>(file), {} };
}

std::filesystem::path kernels_directory()
{
    std::filesystem::path guests(from_environment("RINGSIDE_GUESTS", RINGSIDE_SOURCE_DIR "/build/release/guests"));
    return guests.parent_path() / "kernels";
}

ScratchDirectory::ScratchDirectory()
{
    auto name = (std::filesystem::temp_directory_path() / "ringside-golden-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()));
    m_path = name;
}

ScratchDirectory::~ScratchDirectory()
{
    std::filesystem::remove_all(m_path);
}

}
