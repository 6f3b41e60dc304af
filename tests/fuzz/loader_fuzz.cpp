// Fuzz target for the Multiboot loader (libFuzzer). An input is a kernel file followed by a tail that says what it is
// loaded with:
//
//   kernel ... | command line byte, count / 256 | (bytes / 256, fill, command line length) per module | modules, memory
//
// Sizes are scaled up, so that a few bytes of input fill guest memory and make things collide. The oracle: a refusal
// has one line and the documented exit codes, and leaves memory untouched; after a success the entry lies in the kernel
// and everything that the information names lies in RAM, outside of the kernel, apart from the rest, and with its
// bytes.
//
// With RINGSIDE_FUZZ_SEEDS=FOLDER the program writes its seed corpus there and ends.
#include "core/machine/memory_map.hpp"
#include "core/machine/multiboot.hpp"
#include "tests/unit/machine/boot_view.hpp"
#include "tests/unit/machine/kernel_images.hpp"
#include "tests/unit/machine/test_memory.hpp"

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <unistd.h>

using namespace ringside;
using namespace ringside::test;

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace {

constexpr uint64_t smallest = 2; // MiB
constexpr uint64_t sizes = 2;    // of guest memory: 2 and 3 MiB
constexpr unsigned most_modules = 7;

// What the loader promises. Ends the process so that libFuzzer keeps the input.
void expect(bool holds, const char* promise)
{
    if (holds)
        return;
    std::fprintf(stderr, "broken promise of the loader: %s\n", promise);
    std::abort();
}

struct ModuleInput {
    Bytes bytes;
    std::string command_line;
};

struct Input {
    std::span<const std::byte> kernel;
    std::string command_line;
    std::vector<ModuleInput> modules;
    unsigned memory = 0; // index of the size
};

// Takes bytes off the end of the input; zeros once there are none.
class Tail {
public:
    explicit Tail(std::span<const std::byte> data) : m_data(data) { }
    uint8_t take()
    {
        if (m_data.empty())
            return 0;
        const auto last = std::to_integer<uint8_t>(m_data.back());
        m_data = m_data.first(m_data.size() - 1);
        return last;
    }
    std::span<const std::byte> rest() const { return m_data; }

private:
    std::span<const std::byte> m_data;
};

Input split(std::span<const std::byte> data)
{
    Tail tail { data };
    Input input;
    input.memory = tail.take() % sizes;
    for (auto count = tail.take() % (most_modules + 1); count > 0; --count) {
        const auto length = tail.take();
        const auto fill = tail.take();
        const size_t size = tail.take() * size_t { 601 };
        input.modules.push_back({ filled(size, fill), std::string(length * size_t { 16 }, 'm') });
    }
    const size_t length = tail.take() * size_t { 300 };
    input.command_line.assign(length, static_cast<char>(tail.take()));
    input.kernel = tail.rest();
    return input;
}

std::vector<ModuleBytes> requests(const Input& input)
{
    std::vector<ModuleBytes> modules;
    for (const auto& module : input.modules)
        modules.push_back({ "module", module.command_line, module.bytes });
    return modules;
}

struct Extent {
    uint64_t begin, end;
};

bool is_free(const std::vector<Extent>& taken, Extent extent)
{
    return std::ranges::none_of(
        taken, [&](const Extent& other) { return extent.begin < other.end && other.begin < extent.end; });
}

void check_taken(std::vector<Extent>& taken, const GuestMemory& memory, Extent extent)
{
    expect(memory.contains(Gpa { extent.begin }, extent.end - extent.begin), "everything lies in RAM");
    expect(is_free(taken, extent), "nothing overlaps");
    taken.push_back(extent);
}

void check_sections(std::vector<Extent>& taken, const GuestMemory& memory, const BootView& view)
{
    if (!view.has(5))
        return;
    const auto table = view.field(36);
    check_taken(taken, memory, { table, table + uint64_t { view.field(28) } * view.field(32) });
}

// The extents of PT_LOAD segments in RAM, from the file by plain arithmetic: a gap between two of them is free.
std::vector<Extent> kernel_extents(const Input& input, const LoadedKernel& kernel)
{
    const auto header = read_at<Elf32_Ehdr>(input.kernel, 0);
    std::vector<Extent> extents;
    uint64_t lowest = UINT64_MAX, highest = 0;
    for (unsigned i = 0; header && is_elf(input.kernel) && i < header->e_phnum; ++i) {
        const auto program = read_at<Elf32_Phdr>(input.kernel, header->e_phoff + i * sizeof(Elf32_Phdr));
        if (!program || program->p_type != PT_LOAD || program->p_memsz == 0)
            continue;
        extents.push_back({ program->p_paddr, uint64_t { program->p_paddr } + program->p_memsz });
        lowest = std::min(lowest, extents.back().begin);
        highest = std::max(highest, extents.back().end);
    }
    if (lowest == kernel.lowest && highest == kernel.highest)
        return extents;
    return { { kernel.lowest, kernel.highest } }; // an a.out-kludge image: one range
}

void check_success(const Input& input, GuestMemory& memory, const LoadedKernel& kernel)
{
    auto taken = kernel_extents(input, kernel);
    expect(!is_free(taken, { kernel.entry, uint64_t { kernel.entry } + 1 }), "the entry lies in the kernel");
    for (const auto& extent : taken)
        expect(memory.contains(Gpa { extent.begin }, extent.end - extent.begin), "the kernel lies in RAM");
    for (const auto& area : firmware_areas)
        expect(is_free(taken, { area.base.value, area.base.value + area.size }), "the firmware's areas stay free");

    const BootView view { memory, kernel.information_address };
    check_taken(taken, memory, { view.address, view.address + uint64_t { 120 } });
    expect(view.command_line() == "kernel " + input.command_line, "the command line arrives");
    const auto modules = view.modules();
    expect(modules.size() == input.modules.size(), "every module is listed");
    for (size_t i = 0; i < modules.size(); ++i) {
        const auto& bytes = input.modules[i].bytes;
        expect(modules[i].begin % page_size == 0, "modules are page-aligned");
        expect(modules[i].end - modules[i].begin == bytes.size(), "modules have their size");
        check_taken(taken, memory, { modules[i].begin, modules[i].end });
        const auto arrived = memory.bytes(Gpa { modules[i].begin }, bytes.size());
        expect(bytes.empty() || std::memcmp(arrived.data(), bytes.data(), bytes.size()) == 0, "modules arrive whole");
    }
    check_sections(taken, memory, view);
}

// A hole in the memfd reads as zeros, so this clears what was touched and costs nothing for the rest.
void clear(GuestMemory& memory)
{
    const auto size = static_cast<off_t>(memory.size());
    expect(fallocate(memory.descriptor(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, size) == 0, "(clearing)");
}

// True if no page of the memfd holds data: the loader has not written anything.
bool is_untouched(const GuestMemory& memory)
{
    return lseek(memory.descriptor(), 0, SEEK_DATA) < 0;
}

void write_seed(const std::string& folder, unsigned number, const Bytes& kernel, const std::vector<uint8_t>& tail)
{
    std::ofstream file { folder + "/seed-" + std::to_string(number), std::ios::binary };
    file.write(reinterpret_cast<const char*>(kernel.data()), static_cast<std::streamsize>(kernel.size()));
    file.write(reinterpret_cast<const char*>(tail.data()), static_cast<std::streamsize>(tail.size()));
}

std::vector<Bytes> seed_kernels()
{
    TestElf plain;
    TestElf symbols;
    symbols.header = multiboot_header(7, { 0, 0, 0, 0, 0, 1, 80, 25, 0 });
    symbols.symbols = { { "start", 0x100000 }, { "main", 0x100010 } };
    TestElf higher_half;
    higher_half.entry = 0xC0100000;
    higher_half.segments = { { 0xC0100000, 0x100000, filled(32, 0x90), 100 },
        { 0xC0102000, 0x102000, filled(32, 0), 0x120000, PF_R | PF_W } };
    TestElf low;
    low.entry = 0x10000;
    low.segments = { { 0x10000, 0x10000, filled(32, 0x90), 0x8F000 } };
    return { plain.build(), symbols.build(), higher_half.build(), low.build(), TestFlat {}.build(),
        TestFlat { .load_end = 0x100080, .bss_end = 0x180000 }.build(),
        TestFlat { .load_address = 0x180000, .entry = 0x180000, .size = 100 }.build() };
}

void write_seeds(const std::string& folder)
{
    // In the order of the file; split() reads from the end.
    const std::vector<std::vector<uint8_t>> tails { { 'x', 1, 0, 0 }, { 'x', 255, 10, 0xAA, 2, 1, 0 },
        { 'x', 3, 100, 1, 255, 200, 2, 3, 0, 3, 0, 3, 1 } };
    unsigned number = 0;
    for (const auto& kernel : seed_kernels()) {
        for (const auto& tail : tails)
            write_seed(folder, number++, kernel, tail);
    }
}

} // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***)
{
    if (const char* folder = std::getenv("RINGSIDE_FUZZ_SEEDS")) {
        write_seeds(folder);
        std::exit(0);
    }
    return 0;
}

// Mutations break the header's checksum almost always, so it is mended three times in four.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed)
{
    size = LLVMFuzzerMutate(data, size, max_size);
    for (size_t at = 0; seed % 4 != 0 && at + 12 <= size; at += 4) {
        uint32_t header[3];
        std::memcpy(header, data + at, sizeof(header));
        if (header[0] != 0x1BADB002)
            continue;
        header[2] = 0u - header[0] - header[1];
        std::memcpy(data + at, header, sizeof(header));
        break;
    }
    return size;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    static GuestMemory memories[sizes] { memory_of(smallest), memory_of(smallest + 1) };
    const auto input = split(std::as_bytes(std::span { data, size }));
    auto& memory = memories[input.memory];

    const auto result = load_multiboot(memory, input.kernel, "kernel", input.command_line, requests(input));
    if (result) {
        check_success(input, memory, *result);
        expect(is_multiboot(input.kernel), "what loads is recognized");
    } else {
        const auto& error = result.error();
        expect(error.code == ExitCode::BadImage || error.code == ExitCode::Usage, "refusals have a documented code");
        expect((error.message + error.hint).find('\n') == std::string::npos, "refusals have one line");
        expect(is_untouched(memory), "a refusal leaves memory untouched");
    }
    clear(memory);
    return 0;
}
