#include "core/machine/multiboot.hpp"

#include "core/machine/boot_information.hpp"
#include "core/machine/image_file.hpp"
#include "core/machine/kernel_image.hpp"
#include "core/machine/memory_map.hpp"
#include "core/machine/multiboot_header.hpp"
#include "core/machine/placement.hpp"
#include "core/verify.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace ringside {

namespace {

constexpr uint64_t information_from = 0x10000;

struct BootPlan {
    BootInformation information;
    uint32_t information_address = 0;
    std::vector<std::byte> sections; // for information.sections.address
};

// Finds room for what comes beside the kernel.
class BootPlanner {
public:
    BootPlanner(const GuestMemory& memory, const KernelImage& image)
        : m_memory(memory), m_above_kernel(std::max(image.highest_end(), extended_memory))
    {
        for (const auto& segment : image.segments)
            m_placement.reserve(segment.physical_address, segment.memory_size);
    }

    Result<BootPlan> plan(
        std::span<const std::byte> kernel, std::string command_line, std::span<const ModuleBytes> modules);

private:
    std::optional<uint32_t> place_high(uint64_t size)
    {
        const auto end = m_memory.size();
        const auto address = m_placement.place(size, m_above_kernel, end);
        return address ? address : m_placement.place(size, extended_memory, end);
    }
    Result<void> place_modules(BootPlan&, std::span<const ModuleBytes> modules);
    bool place_information(BootPlan&);
    void place_sections(BootPlan&, std::span<const std::byte> kernel);

    const GuestMemory& m_memory;
    uint64_t m_above_kernel;
    Placement m_placement;
};

std::string joined(std::string_view name, std::string_view command_line)
{
    return fmt::format("{} {}", name, command_line);
}

std::string module_command_line(const ModuleBytes& module)
{
    return module.command_line.empty() ? std::string { module.name } : joined(module.name, module.command_line);
}

uint64_t whole_pages(uint64_t size)
{
    return (size + page_size - 1) / page_size * page_size;
}

Result<BootPlan> BootPlanner::plan(
    std::span<const std::byte> kernel, std::string command_line, std::span<const ModuleBytes> modules)
{
    BootPlan plan;
    plan.information.command_line = std::move(command_line);
    if (auto placed = place_modules(plan, modules); !placed)
        return placed.propagate();
    if (!place_information(plan))
        return fail(ExitCode::BadImage, "the command lines and the module list do not fit into guest memory",
            "give the guest more memory with --memory, or shorter command lines");
    place_sections(plan, kernel);
    return plan;
}

Result<void> BootPlanner::place_modules(BootPlan& plan, std::span<const ModuleBytes> modules)
{
    for (const auto& module : modules) {
        const auto address = place_high(module.bytes.size());
        if (!address) {
            uint64_t needed = whole_pages(m_above_kernel);
            for (const auto& each : modules)
                needed += whole_pages(std::max<uint64_t>(each.bytes.size(), 1));
            return bad_image(module.name,
                fmt::format("does not fit beside the kernel and the modules before it: {} bytes, the guest has {} MiB",
                    module.bytes.size(), m_memory.size() / mebibyte),
                memory_hint(needed));
        }
        const auto end = *address + static_cast<uint32_t>(module.bytes.size());
        plan.information.modules.push_back({ *address, end, module_command_line(module) });
    }
    return {};
}

bool BootPlanner::place_information(BootPlan& plan)
{
    const auto size = boot_information_block(plan.information, m_memory, 0).size();
    auto address = m_placement.place(size, information_from, usable_conventional_end);
    if (!address)
        address = place_high(size);
    plan.information_address = address.value_or(0);
    return address.has_value();
}

void BootPlanner::place_sections(BootPlan& plan, std::span<const std::byte> kernel)
{
    auto sections = elf_sections(kernel);
    if (!sections.present())
        return;
    const auto address = place_high(sections.block.size());
    if (!address)
        return;
    plan.information.sections = { sections.count, sections.entry_size, *address, sections.names_index };
    plan.sections = sections_at(std::move(sections), *address);
}

void write_bytes(GuestMemory& memory, uint32_t address, std::span<const std::byte> bytes)
{
    auto target = memory.bytes(Gpa { address }, bytes.size());
    VERIFY(target.size() == bytes.size());
    std::ranges::copy(bytes, target.begin());
}

void write_plan(GuestMemory& memory, const BootPlan& plan, std::span<const ModuleBytes> modules)
{
    for (size_t i = 0; i < modules.size(); ++i)
        write_bytes(memory, plan.information.modules[i].begin, modules[i].bytes);
    if (!plan.sections.empty())
        write_bytes(memory, plan.information.sections.address, plan.sections);
    write_bytes(
        memory, plan.information_address, boot_information_block(plan.information, memory, plan.information_address));
}

Result<void> check_command_line(std::string_view name, std::string_view command_line)
{
    const auto length = name.size() + 1 + command_line.size();
    if (length > longest_command_line)
        return fail(ExitCode::Usage, fmt::format("{}: command line of {} bytes is too long", printable(name), length),
            fmt::format("a command line may have {} bytes, the file name included", longest_command_line));
    if (name.find('\0') != std::string_view::npos || command_line.find('\0') != std::string_view::npos)
        return fail(ExitCode::Usage, fmt::format("{}: command line contains a zero byte", printable(name)));
    return {};
}

Result<void> check_command_lines(
    std::string_view kernel_name, std::string_view command_line, std::span<const ModuleBytes> modules)
{
    if (auto good = check_command_line(kernel_name, command_line); !good)
        return good;
    for (const auto& module : modules) {
        if (auto good = check_command_line(module.name, module.command_line); !good)
            return good;
    }
    return {};
}

Result<std::vector<std::byte>> read_kernel(const std::string& path)
{
    const auto file = ImageFile::open(path);
    if (!file)
        return file.propagate();
    if (file->size() > largest_kernel_file)
        return bad_image(path,
            fmt::format("is too large for a kernel: {} MiB, at most {} are read", mebibytes_up_to(file->size()),
                largest_kernel_file / mebibyte));
    return file->read();
}

// The sizes are added up before anything is read, so that the host never holds more than the guest could.
Result<std::vector<std::vector<std::byte>>> read_modules(const std::vector<BootModule>& modules, uint64_t memory_size)
{
    std::vector<std::vector<std::byte>> contents;
    uint64_t total = 0;
    for (const auto& module : modules) {
        const auto file = ImageFile::open(module.path);
        if (!file)
            return file.propagate();
        total += file->size();
        if (file->size() > memory_size || total > memory_size)
            return bad_image(module.path,
                fmt::format("does not fit into guest memory: {} bytes, with the modules before it {}, the guest has "
                            "{} MiB",
                    file->size(), total, memory_size / mebibyte),
                memory_hint(std::max(file->size(), total) + extended_memory));
        auto bytes = file->read();
        if (!bytes)
            return bytes.propagate();
        contents.push_back(std::move(*bytes));
    }
    return contents;
}

} // namespace

bool is_multiboot(std::span<const std::byte> file)
{
    return find_multiboot_header(file).has_value();
}

Result<LoadedKernel> load_multiboot(GuestMemory& memory, const BootRequest& request)
{
    const auto kernel = read_kernel(request.kernel_path);
    if (!kernel)
        return kernel.propagate();
    const auto contents = read_modules(request.modules, memory.size());
    if (!contents)
        return contents.propagate();
    std::vector<ModuleBytes> modules;
    for (size_t i = 0; i < contents->size(); ++i)
        modules.push_back({ request.modules[i].path, request.modules[i].command_line, (*contents)[i] });
    return load_multiboot(memory, *kernel, request.kernel_path, request.command_line, modules);
}

Result<LoadedKernel> load_multiboot(GuestMemory& memory, std::span<const std::byte> kernel,
    std::string_view kernel_name, std::string_view command_line, std::span<const ModuleBytes> modules)
{
    if (auto good = check_command_lines(kernel_name, command_line, modules); !good)
        return good.propagate();
    auto image = parse_kernel(kernel, kernel_name);
    if (!image)
        return image.propagate();
    if (auto fits = check_fits(*image, memory, kernel_name); !fits)
        return fits.propagate();
    const auto plan = BootPlanner { memory, *image }.plan(kernel, joined(kernel_name, command_line), modules);
    if (!plan)
        return plan.propagate();

    write_segments(memory, *image);
    write_plan(memory, *plan, modules);
    return LoadedKernel { image->entry, plan->information_address, elf_symbols(kernel),
        image->segments.front().physical_address, static_cast<uint32_t>(image->highest_end()) };
}

} // namespace ringside
