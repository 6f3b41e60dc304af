#include "core/session/snapshot_codec.hpp"

#include "core/session/listing_codec.hpp"
#include "core/session/screen_codec.hpp"
#include "core/session/outcome.hpp"
#include "core/trace/byte_stream.hpp"

#include <algorithm>
#include <utility>

namespace ringside {

namespace {

constexpr std::size_t most_code = longest_snapshot / 2;
constexpr std::size_t most_lines = 64;
constexpr std::size_t most_devices = 64;
constexpr std::size_t most_registers = 256; // of a device
constexpr uint32_t window_pages = 1u << 20;

// --- Registers. Each function goes both ways: Codec is Put or Get, and State is const or not. ---

struct Put {
    ByteWriter& out;
    template <typename T>
    void operator()(const T& value) const
    {
        out.put(value);
    }
    void operator()(const bool& value) const { out.put(static_cast<uint8_t>(value)); }
};

struct Get {
    ByteReader& in;
    template <typename T>
    void operator()(T& value) const
    {
        value = in.get<T>();
    }
    void operator()(bool& value) const { value = in.get<uint8_t>() != 0; }
};

template <typename Codec, typename SegmentType>
void pass_segment(const Codec& codec, SegmentType& segment)
{
    codec(segment.selector);
    codec(segment.attributes);
    codec(segment.base);
    codec(segment.limit);
}

template <typename Codec, typename State>
void pass_system_registers(const Codec& codec, State& state)
{
    for (auto* table : { &state.gdtr, &state.idtr }) {
        codec(table->base);
        codec(table->limit);
    }
    for (auto* control : { &state.cr0, &state.cr2, &state.cr3, &state.cr4 })
        codec(*control);
    for (auto& debug : state.dr)
        codec(debug);
    for (auto* msr : { &state.msrs.sysenter_cs, &state.msrs.sysenter_esp, &state.msrs.sysenter_eip })
        codec(*msr);
    for (auto* msr : { &state.msrs.apic_base, &state.msrs.pat, &state.msrs.efer })
        codec(*msr);
}

template <typename Codec, typename State>
void pass(const Codec& codec, State& state)
{
    for (auto& general : state.gpr)
        codec(general);
    codec(state.eip);
    codec(state.eflags);
    for (auto& segment : state.segments)
        pass_segment(codec, segment);
    pass_segment(codec, state.ldtr);
    pass_segment(codec, state.tr);
    pass_system_registers(codec, state);
    for (auto& byte : state.fxsave)
        codec(byte);
    for (auto* flag : { &state.interrupt_shadow, &state.nmi_blocked, &state.halted })
        codec(*flag);
}

template <typename Codec, typename Line>
void pass_line(const Codec& codec, Line& line)
{
    codec(line.irq);
    for (auto* flag : { &line.asserted, &line.requested, &line.in_service, &line.masked, &line.masked_at_apic })
        codec(*flag);
}

template <typename Codec, typename Run>
void pass_run(const Codec& codec, Run& run)
{
    for (auto* number : { &run.page, &run.frame, &run.count })
        codec(*number);
    for (auto* flag : { &run.writable, &run.user, &run.global, &run.concealed })
        codec(*flag);
}

template <typename Codec, typename Snapshot>
void pass_machine(const Codec& codec, Snapshot& snapshot)
{
    codec(snapshot.guest_time);
    codec(snapshot.ticks);
    for (auto* flag : { &snapshot.paused, &snapshot.interrupt_pending, &snapshot.nmi_pending })
        codec(*flag);
}

// --- Lists ---

void put(ByteWriter& out, const DeviceSnapshot& device)
{
    out.put_text(device.name);
    out.put(static_cast<uint32_t>(device.registers.size()));
    for (const auto& row : device.registers) {
        out.put_text(row.name);
        out.put(row.value);
        out.put(row.bits);
        out.put_text(row.meaning);
    }
}

DeviceSnapshot get_device(ByteReader& in)
{
    DeviceSnapshot device;
    device.name = one_line(in.get_text());
    auto count = in.get<uint32_t>();
    for (uint32_t i = 0; i < count && in.ok(); ++i) {
        auto& row = device.registers.emplace_back();
        row.name = one_line(in.get_text());
        row.value = in.get<uint64_t>();
        row.bits = in.get<unsigned>();
        row.meaning = one_line(in.get_text());
    }
    return device;
}

ShadowMapping get_shadow(ByteReader& in)
{
    ShadowMapping shadow;
    shadow.pages = in.get<uint32_t>();
    auto count = in.get<uint32_t>();
    for (uint32_t i = 0; i < count && in.ok(); ++i)
        pass_run(Get { in }, shadow.runs.emplace_back());
    return shadow;
}

void put_code(ByteWriter& out, const std::optional<TranslationListing>& code)
{
    auto bytes = code ? encode(*code) : std::vector<std::byte> {};
    if (bytes.size() > most_code)
        bytes.clear();
    out.put_text({ reinterpret_cast<const char*>(bytes.data()), bytes.size() });
}

bool is_sound(const DeviceSnapshot& device)
{
    return device.registers.size() <= most_registers
        && std::ranges::all_of(device.registers, [](const auto& row) { return row.bits >= 1 && row.bits <= 64; });
}

bool is_sound(const ShadowMapping& shadow)
{
    uint64_t next = 0;
    uint64_t pages = 0;
    for (const auto& run : shadow.runs) {
        uint64_t end = uint64_t { run.page } + run.count;
        if (run.page < next || run.count == 0 || end > window_pages
            || uint64_t { run.frame } + run.count > window_pages)
            return false;
        next = end;
        pages += run.count;
    }
    return shadow.runs.size() <= most_mapped_runs && pages <= shadow.pages && shadow.pages <= window_pages;
}

bool is_sound(const GuestSnapshot& snapshot)
{
    return snapshot.lines.size() <= most_lines && snapshot.devices.size() <= most_devices
        && std::ranges::all_of(snapshot.devices, [](const auto& device) { return is_sound(device); })
        && (!snapshot.shadow || is_sound(*snapshot.shadow));
}

} // namespace

std::vector<std::byte> encode(const GuestSnapshot& snapshot)
{
    ByteWriter out;
    Put codec { out };
    pass(codec, snapshot.cpu);
    out.put_text(snapshot.strategy);
    pass_machine(codec, snapshot);
    out.put(static_cast<uint32_t>(snapshot.lines.size()));
    for (const auto& line : snapshot.lines)
        pass_line(codec, line);
    out.put(static_cast<uint32_t>(snapshot.devices.size()));
    for (const auto& device : snapshot.devices)
        put(out, device);
    encode(out, snapshot.screen);
    codec(snapshot.shadow.has_value());
    if (snapshot.shadow) {
        out.put(snapshot.shadow->pages);
        out.put(static_cast<uint32_t>(snapshot.shadow->runs.size()));
        for (const auto& run : snapshot.shadow->runs)
            pass_run(codec, run);
    }
    put_code(out, snapshot.code);
    return { out.bytes().begin(), out.bytes().end() };
}

std::optional<GuestSnapshot> decode_snapshot(std::span<const std::byte> bytes)
{
    if (bytes.size() > longest_snapshot)
        return std::nullopt;
    ByteReader in(bytes);
    Get codec { in };
    GuestSnapshot snapshot;
    pass(codec, snapshot.cpu);
    snapshot.strategy = one_line(in.get_text());
    pass_machine(codec, snapshot);
    auto lines = in.get<uint32_t>();
    for (uint32_t i = 0; i < lines && in.ok(); ++i)
        pass_line(codec, snapshot.lines.emplace_back());
    auto devices = in.get<uint32_t>();
    for (uint32_t i = 0; i < devices && in.ok(); ++i)
        snapshot.devices.push_back(get_device(in));
    snapshot.screen = decode_screen(in);
    if (in.get<uint8_t>() != 0)
        snapshot.shadow = get_shadow(in);
    auto code = in.get_text();
    if (!code.empty()) {
        snapshot.code = decode_listing(std::as_bytes(std::span { code }));
        if (!snapshot.code)
            return std::nullopt;
    }
    return in.finished() && is_sound(snapshot) ? std::optional { std::move(snapshot) } : std::nullopt;
}

} // namespace ringside
