#include "core/trace/exporters.hpp"
#include "core/trace/json_text.hpp"
#include "tests/unit/trace/trace_samples.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

using namespace ringside;
using test::TemporaryFile;

static std::string exported(const std::vector<EventRecord>& events, std::string_view format)
{
    TemporaryFile file;
    test::write_trace(file.path(), events);
    auto reader = test::open_trace(file.path());
    std::ostringstream out;
    REQUIRE(export_trace(reader, format, out));
    return out.str();
}

TEST_CASE("Chrome JSON is valid for every kind of event, and has each but ring changes by name", "[trace]")
{
    auto json = nlohmann::json::parse(exported(test::one_of_each(), "chrome"));
    std::map<std::string, nlohmann::json> by_name;
    for (const auto& event : json["traceEvents"])
        by_name[event["name"]] = event;
    for (const auto& description : event_descriptions()) {
        if (description.category == EventCategory::Ring)
            continue;
        CAPTURE(description.name);
        REQUIRE(by_name.count(std::string(description.name)) == 1);
        const auto& event = by_name[std::string(description.name)];
        CHECK(event["ph"] == (description.category == EventCategory::Exit ? "X" : "i"));
        CHECK(event["args"]["symbol"] == "main+0x4");
    }
}

TEST_CASE("Chrome JSON has times in microseconds to the nanosecond", "[trace]")
{
    auto exit = test::sample(EventKind::PortWrite, 1'234'567);
    exit.a = 0x3F8;
    auto text = exported({ exit }, "chrome");
    CHECK(text.find("\"ts\":1234.567,\"dur\":0.250") != std::string::npos);
    CHECK(text.find("\"port\":\"0x3f8 (COM1)\"") != std::string::npos);
}

TEST_CASE("Chrome JSON draws the rings as slices without gaps", "[trace]")
{
    std::vector<EventRecord> events;
    auto change = [&](uint64_t time, unsigned from, unsigned to) {
        auto event = test::sample(EventKind::RingChange, time);
        event.a = from;
        event.b = to;
        events.push_back(event);
    };
    change(1000, 0, 0);
    change(3000, 0, 3);
    change(4500, 3, 0);
    events.push_back(test::sample(EventKind::GuestMarker, 9000));
    auto json = nlohmann::json::parse(exported(events, "chrome"));
    std::vector<std::tuple<std::string, double, double>> slices;
    for (const auto& event : json["traceEvents"]) {
        if (event["ph"] == "X" && event["tid"] == 1)
            slices.emplace_back(event["name"], event["ts"], event["dur"]);
    }
    using Slice = std::tuple<std::string, double, double>;
    CHECK(slices == std::vector<Slice> { { "ring 0", 1.0, 2.0 }, { "ring 3", 3.0, 1.5 }, { "ring 0", 4.5, 4.5 } });
}

TEST_CASE("JSON lines are one valid object for each event, with its fields by name", "[trace]")
{
    auto events = test::one_of_each();
    std::istringstream lines(exported(events, "jsonl"));
    std::string line;
    std::size_t count = 0;
    while (std::getline(lines, line)) {
        auto json = nlohmann::json::parse(line);
        const auto& description = event_descriptions()[count];
        CAPTURE(line);
        CHECK(json["event"] == std::string(description.name));
        CHECK(json["time_ns"] == events[count].time);
        CHECK(json.contains("duration_ns") == (description.category == EventCategory::Exit));
        for (const auto& field : EventFields(events[count]))
            CHECK(json[std::string(field.name)] == field.value);
        ++count;
    }
    CHECK(count == events.size());
}

TEST_CASE("no field of an event hides one that every line has", "[trace]")
{
    const std::set<std::string_view> taken { "time_ns", "event", "duration_ns", "virtual_ring", "real_ring", "eip",
        "symbol", "raw", "text" };
    for (const auto& description : event_descriptions()) {
        for (auto field : description.fields)
            CHECK(taken.count(field) == 0);
    }
}

TEST_CASE("a truncated trace is exported as far as it is readable", "[trace]")
{
    TemporaryFile file;
    test::write_trace(file.path(), test::one_of_each());
    auto bytes = file.contents();
    file.write(bytes.substr(0, bytes.size() - 1));
    for (std::string_view format : { "chrome", "jsonl" }) {
        auto reader = test::open_trace(file.path());
        std::ostringstream out;
        REQUIRE(export_trace(reader, format, out));
        CHECK(reader.ending().kind == TraceEnding::Kind::Truncated);
        CHECK(out.str().find("translation-flush") != std::string::npos);
    }
}

TEST_CASE("formats that cannot be are errors that say what to do", "[trace]")
{
    TemporaryFile file;
    test::write_trace(file.path(), {});
    auto reader = test::open_trace(file.path());
    std::ostringstream out;
    auto packets = export_trace(reader, "pcapng", out);
    REQUIRE_FALSE(packets);
    CHECK(packets.error().code == ExitCode::Unavailable);
    CHECK(packets.error().message.find("this trace holds no packets") != std::string::npos);
    auto unknown = export_trace(reader, "xml", out);
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().code == ExitCode::Usage);
    CHECK(unknown.error().hint == "choose one of chrome, jsonl, pcapng");
    CHECK(exporters().size() == 3);
}

TEST_CASE("an output that fails is an error", "[trace]")
{
    TemporaryFile file;
    test::write_trace(file.path(), test::one_of_each());
    for (std::string_view format : { "chrome", "jsonl" }) {
        auto reader = test::open_trace(file.path());
        std::ofstream full("/dev/full");
        CHECK_FALSE(export_trace(reader, format, full));
    }
}

TEST_CASE("whatever the bytes, a JSON string is valid", "[trace]")
{
    std::string every_byte;
    for (int c = 0; c < 256; ++c)
        every_byte += static_cast<char>(c);
    std::string out;
    append_json_string(out, every_byte);
    CHECK(nlohmann::json::parse(out).is_string());
    out.clear();
    append_json_string(out, "plain");
    CHECK(out == "\"plain\"");
    out.clear();
    append_microseconds(out, -1);
    append_microseconds(out, 1'000'001);
    CHECK(out == "-0.0011000.001");
}
