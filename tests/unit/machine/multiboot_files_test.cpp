// Kernels and modules as files: what users really point the program at.
#include "core/machine/multiboot.hpp"
#include "tests/catch.hpp"
#include "tests/unit/machine/boot_view.hpp"
#include "tests/unit/machine/kernel_images.hpp"
#include "tests/unit/machine/test_memory.hpp"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace ringside;
using namespace ringside::test;

namespace {

class TemporaryFolder {
public:
    TemporaryFolder()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "ringside-test-XXXXXX").string();
        REQUIRE(mkdtemp(pattern.data()) != nullptr);
        m_path = pattern;
    }
    ~TemporaryFolder() { std::filesystem::remove_all(m_path); }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    std::string path(const std::string& name) const { return m_path / name; }
    std::string write(const std::string& name, const Bytes& bytes) const
    {
        std::ofstream { path(name), std::ios::binary }.write(
            reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        return path(name);
    }

private:
    std::filesystem::path m_path;
};

Error refusal(const BootRequest& request)
{
    auto memory = memory_of(4);
    auto result = load_multiboot(memory, request);
    REQUIRE_FALSE(result);
    INFO(result.error().message);
    CHECK(result.error().code == ExitCode::BadImage);
    CHECK(result.error().message.find('\n') == std::string::npos);
    return result.error();
}

void check_bad_kernel(const std::string& path, const std::string& what)
{
    CHECK(refusal({ path, "", {} }).message == path + ": " + what);
}

size_t open_descriptors()
{
    const std::filesystem::directory_iterator all { "/proc/self/fd" };
    return static_cast<size_t>(std::distance(begin(all), end(all)));
}

} // namespace

TEST_CASE("kernel and modules are read from files, and the guest sees their paths as given")
{
    const TemporaryFolder folder;
    const auto kernel = folder.write("kernel.elf", TestElf {}.build());
    const auto module = folder.write("init", filled(5000, 0x42));
    auto memory = memory_of(4);
    const auto before = open_descriptors();
    const auto loaded
        = load_multiboot(memory, BootRequest { kernel, "quiet", { { module, "" }, { module, "again" } } });
    REQUIRE(loaded);
    CHECK(open_descriptors() == before);

    const BootView view { memory, loaded->information_address };
    CHECK(view.command_line() == kernel + " quiet");
    REQUIRE(view.modules().size() == 2);
    CHECK(view.modules()[0].command_line == module);
    CHECK(view.modules()[1].command_line == module + " again");
    CHECK(is_all(memory.bytes(Gpa { view.modules()[1].begin }, 5000), 0x42));
}

TEST_CASE("paths that are no readable regular file are refused at once, by name")
{
    const TemporaryFolder folder;
    const auto before = open_descriptors();
    check_bad_kernel(folder.path("missing"), "cannot be opened: No such file or directory");
    check_bad_kernel(folder.path(""), "is a directory, not a regular file");
    check_bad_kernel(folder.write("empty", {}), "is empty");
    check_bad_kernel("/dev/zero", "is a device, not a regular file");
    REQUIRE(mkfifo(folder.path("fifo").c_str(), 0600) == 0);
    check_bad_kernel(folder.path("fifo"), "is a FIFO, not a regular file");
    std::filesystem::create_symlink(folder.path("loop"), folder.path("loop"));
    check_bad_kernel(folder.path("loop"), "cannot be opened: Too many levels of symbolic links");
    check_bad_kernel(folder.path("missing/x"), "cannot be opened: No such file or directory");
    CHECK(open_descriptors() == before);
}

TEST_CASE("a file without read permission is refused")
{
    const TemporaryFolder folder;
    const auto path = folder.write("secret", TestElf {}.build());
    std::filesystem::permissions(path, std::filesystem::perms::none);
    std::filesystem::permissions(folder.path(""), std::filesystem::perms::all);
    // Root reads everything, so the attempt is made by a child without its powers.
    const auto child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        auto memory = GuestMemory::create(4 * mebibyte);
        if (geteuid() == 0 && setuid(65534) != 0)
            _exit(2);
        const auto result = load_multiboot(*memory, BootRequest { path, "", {} });
        _exit(!result && result.error().message == path + ": cannot be opened: Permission denied" ? 0 : 1);
    }
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

TEST_CASE("a sparse file of a terabyte is refused by its size, as kernel and as module")
{
    const TemporaryFolder folder;
    const auto huge = folder.write("huge", TestElf {}.build());
    REQUIRE(truncate(huge.c_str(), off_t { 1 } << 40) == 0);
    check_bad_kernel(huge, "is too large for a kernel: 1048576 MiB, at most 256 are read");

    const auto kernel = folder.write("kernel", TestElf {}.build());
    const auto error = refusal({ kernel, "", { { huge, "" } } });
    CHECK(error.message.starts_with(huge + ": does not fit into guest memory: 1099511627776 bytes"));
    CHECK(error.hint == "a guest can have 3584 MiB at most");
}

TEST_CASE("modules that together exceed memory are refused before they are read")
{
    const TemporaryFolder folder;
    const auto kernel = folder.write("kernel", TestElf {}.build());
    const auto module = folder.write("module", filled(3 * mebibyte, 1));
    const auto error = refusal({ kernel, "", { { module, "" }, { module, "" } } });
    CHECK(error.message.find("with the modules before it 6291456") != std::string::npos);
    CHECK(error.hint == "give the guest more memory: --memory 7");
}

TEST_CASE("a missing module is refused by its own name")
{
    const TemporaryFolder folder;
    const auto kernel = folder.write("kernel", TestElf {}.build());
    CHECK(refusal({ kernel, "", { { folder.path("gone"), "" } } }).message
        == folder.path("gone") + ": cannot be opened: No such file or directory");
}
