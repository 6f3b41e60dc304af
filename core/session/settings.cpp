#include "core/session/settings.hpp"

#include "core/trace/byte_stream.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

namespace ringside {

namespace {

constexpr std::size_t most_settings = 64 * mebibyte;

void encode(ByteWriter& out, const WorkerSettings& settings)
{
    out.put_text(settings.strategy);
    out.put_text(settings.boot.kernel_path);
    out.put_text(settings.boot.command_line);
    out.put(static_cast<uint32_t>(settings.boot.modules.size()));
    for (const auto& module : settings.boot.modules) {
        out.put_text(module.path);
        out.put_text(module.command_line);
    }
    out.put(settings.memory_bytes);
    out.put(static_cast<uint32_t>(settings.disks.size()));
    for (const auto& disk : settings.disks)
        out.put_text(disk);
    out.put(static_cast<uint8_t>(settings.clock));
    out.put(static_cast<uint8_t>(settings.start_paused));
    out.put(static_cast<uint32_t>(settings.other_strategies.size()));
    for (const auto& strategy : settings.other_strategies)
        out.put_text(strategy);
    out.put(static_cast<uint32_t>(settings.switches.size()));
    for (const auto& planned : settings.switches) {
        out.put(planned.at);
        out.put_text(planned.strategy);
    }
    out.put(static_cast<uint8_t>(settings.translations));
    out.put(static_cast<uint8_t>(settings.strategy_options.user_code));
    out.put(static_cast<uint8_t>(settings.strategy_options.time_stamp));
}

WorkerSettings decode(ByteReader& in)
{
    WorkerSettings settings;
    settings.strategy = in.get_text();
    settings.boot.kernel_path = in.get_text();
    settings.boot.command_line = in.get_text();
    auto modules = in.get<uint32_t>();
    for (uint32_t i = 0; i < modules && in.ok(); ++i) {
        auto path = in.get_text();
        settings.boot.modules.push_back({ std::move(path), in.get_text() });
    }
    settings.memory_bytes = in.get<uint64_t>();
    auto disks = in.get<uint32_t>();
    for (uint32_t i = 0; i < disks && in.ok(); ++i)
        settings.disks.push_back(in.get_text());
    settings.clock = in.get<uint8_t>() == 0 ? ClockKind::Host : ClockKind::Virtual;
    settings.start_paused = in.get<uint8_t>() != 0;
    auto others = in.get<uint32_t>();
    for (uint32_t i = 0; i < others && in.ok(); ++i)
        settings.other_strategies.push_back(in.get_text());
    auto switches = in.get<uint32_t>();
    for (uint32_t i = 0; i < switches && in.ok(); ++i) {
        auto at = in.get<Nanoseconds>();
        settings.switches.push_back({ at, in.get_text() });
    }
    settings.translations = static_cast<TranslationsWanted>(in.get<uint8_t>());
    settings.strategy_options.user_code = in.get<uint8_t>() == 0 ? UserCode::Rewritten : UserCode::Direct;
    settings.strategy_options.time_stamp = static_cast<TimeStampReading>(in.get<uint8_t>());
    return settings;
}

bool is_known(TimeStampReading reading)
{
    return reading <= TimeStampReading::Trap;
}

bool write_all(int descriptor, std::span<const std::byte> bytes)
{
    while (!bytes.empty()) {
        ssize_t written = write(descriptor, bytes.data(), bytes.size());
        if (written < 0)
            return false;
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return true;
}

}

WorkerSettings WorkerSettings::from(const SessionConfiguration& configuration)
{
    return { configuration.strategy, configuration.boot, configuration.memory_bytes, configuration.disks,
        configuration.clock, configuration.start_paused, configuration.other_strategies, configuration.switches,
        configuration.translations, configuration.strategy_options };
}

bool WorkerSettings::operator==(const WorkerSettings& other) const
{
    auto same_module = [](const BootModule& left, const BootModule& right) {
        return left.path == right.path && left.command_line == right.command_line;
    };
    return strategy == other.strategy && boot.kernel_path == other.boot.kernel_path
        && boot.command_line == other.boot.command_line
        && std::ranges::equal(boot.modules, other.boot.modules, same_module) && memory_bytes == other.memory_bytes
        && disks == other.disks && clock == other.clock && start_paused == other.start_paused
        && other_strategies == other.other_strategies && switches == other.switches
        && translations == other.translations && strategy_options == other.strategy_options;
}

Result<Descriptor> write_settings(const WorkerSettings& settings)
{
    ByteWriter out;
    encode(out, settings);
    Descriptor descriptor { memfd_create("ringside-settings", MFD_CLOEXEC) };
    if (!descriptor || !write_all(descriptor.get(), out.bytes()))
        return fail(ExitCode::Unavailable, fmt::format("cannot hand a worker its settings: {}", std::strerror(errno)));
    return descriptor;
}

Result<WorkerSettings> read_settings(const Descriptor& descriptor)
{
    struct stat status { };
    if (fstat(descriptor.get(), &status) != 0 || status.st_size < 0
        || static_cast<uint64_t>(status.st_size) > most_settings)
        return fail(ExitCode::Internal, "the worker's settings cannot be read");
    std::vector<std::byte> bytes(static_cast<std::size_t>(status.st_size));
    bool whole = pread(descriptor.get(), bytes.data(), bytes.size(), 0) == status.st_size;
    ByteReader in(bytes);
    auto settings = decode(in);
    if (!whole || !in.finished() || !is_known(settings.strategy_options.time_stamp))
        return fail(ExitCode::Internal, "the worker's settings are damaged");
    return settings;
}

}
