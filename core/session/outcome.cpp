#include "core/session/outcome.hpp"

#include "core/session/screen_codec.hpp"
#include "core/trace/byte_stream.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace ringside {

namespace {

constexpr std::size_t longest_line = 2000;
constexpr std::size_t most_discrepancies = 64;

constexpr std::array exit_codes { ExitCode::Success, ExitCode::GuestFailed, ExitCode::Usage, ExitCode::BadImage,
    ExitCode::Unavailable, ExitCode::Internal, ExitCode::Timeout };

std::string clip(std::string text)
{
    if (text.size() > longest_line)
        text.resize(longest_line);
    return text;
}

void encode(ByteWriter& out, const GuestPlace& place)
{
    out.put(place.eip);
    out.put(static_cast<uint8_t>(place.ring));
    out.put(static_cast<uint8_t>(place.interrupts_enabled));
    out.put(static_cast<uint8_t>(place.halted));
    out.put_text(clip(place.symbol));
}

GuestPlace decode_place(ByteReader& in)
{
    GuestPlace place;
    place.eip = in.get<uint32_t>();
    place.ring = in.get<uint8_t>() & 3u;
    place.interrupts_enabled = in.get<uint8_t>() != 0;
    place.halted = in.get<uint8_t>() != 0;
    place.symbol = one_line(in.get_text());
    return place;
}

void encode(ByteWriter& out, const std::vector<Discrepancy>& discrepancies)
{
    auto count = std::min(discrepancies.size(), most_discrepancies);
    out.put(static_cast<uint8_t>(count));
    for (std::size_t i = 0; i < count; ++i) {
        const auto& row = discrepancies[i];
        for (const auto* text : { &row.instruction, &row.real, &row.given, &row.why })
            out.put_text(clip(*text));
    }
}

std::vector<Discrepancy> decode_discrepancies(ByteReader& in)
{
    std::vector<Discrepancy> discrepancies(std::min<std::size_t>(in.get<uint8_t>(), most_discrepancies));
    for (auto& row : discrepancies) {
        for (auto* text : { &row.instruction, &row.real, &row.given, &row.why })
            *text = one_line(in.get_text());
    }
    return discrepancies;
}

}

std::string one_line(std::string text)
{
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
    return clip(std::move(text));
}

std::string describe(const GuestPlace& place)
{
    return fmt::format("eip {:#010x}{}, ring {}, interrupts {}{}", place.eip,
        place.symbol.empty() ? "" : " (" + place.symbol + ")", place.ring, place.interrupts_enabled ? "on" : "off",
        place.halted ? ", halted" : "");
}

ExitCode exit_code(const SessionEnd& end)
{
    switch (end.cause) {
    case SessionEnd::Cause::Guest:
    case SessionEnd::Cause::Command:
        return exit_code(end.result);
    case SessionEnd::Cause::Timeout:
        return ExitCode::Timeout;
    case SessionEnd::Cause::Died:
        return ExitCode::Internal;
    }
    return ExitCode::Internal;
}

std::vector<std::byte> encode(const WorkerReport& report)
{
    ByteWriter out;
    out.put(static_cast<uint8_t>(report.result.outcome));
    out.put(report.result.code);
    out.put_text(clip(report.result.reason));
    out.put(report.elapsed);
    out.put(static_cast<uint8_t>(report.place.has_value()));
    if (report.place)
        encode(out, *report.place);
    out.put(static_cast<uint8_t>(report.screen.has_value()));
    if (report.screen)
        encode(out, *report.screen);
    encode(out, report.discrepancies);
    return { out.bytes().begin(), out.bytes().end() };
}

std::optional<WorkerReport> decode_report(std::span<const std::byte> bytes)
{
    ByteReader in(bytes);
    WorkerReport report;
    auto outcome = in.get<uint8_t>();
    report.result.outcome = static_cast<Outcome>(outcome);
    report.result.code = in.get<uint32_t>();
    report.result.reason = one_line(in.get_text());
    report.elapsed = in.get<uint64_t>();
    if (in.get<uint8_t>() != 0)
        report.place = decode_place(in);
    if (in.get<uint8_t>() != 0)
        report.screen = decode_screen(in);
    report.discrepancies = decode_discrepancies(in);
    if (!in.finished() || outcome > static_cast<uint8_t>(Outcome::Failed))
        return std::nullopt;
    return report;
}

std::vector<std::byte> encode(const Error& error)
{
    ByteWriter out;
    out.put(static_cast<int32_t>(error.code));
    out.put_text(clip(error.message));
    out.put_text(clip(error.hint));
    return { out.bytes().begin(), out.bytes().end() };
}

std::optional<Error> decode_error(std::span<const std::byte> bytes)
{
    ByteReader in(bytes);
    Error error;
    error.code = static_cast<ExitCode>(in.get<int32_t>());
    error.message = one_line(in.get_text());
    error.hint = one_line(in.get_text());
    if (!in.finished() || std::ranges::find(exit_codes, error.code) == exit_codes.end())
        return std::nullopt;
    return error;
}

}
