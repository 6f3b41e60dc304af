#include "core/machine/disk.hpp"

#include "tests/unit/machine/disk_file.hpp"

#include <array>

using namespace ringside;
using namespace ringside::test;

namespace {

std::vector<std::byte> pattern(std::size_t bytes, unsigned seed)
{
    std::vector<std::byte> made(bytes);
    for (std::size_t i = 0; i < bytes; ++i)
        made[i] = static_cast<std::byte>(i * 7 + seed + i / 512);
    return made;
}

}

TEST_CASE("Sectors that are written are in the file and are read back", "[disk]")
{
    DiskFile file(8);
    auto written = pattern(3 * Disk::sector_size, 1);
    {
        auto disk = std::move(file.open_alone()[0]);
        CHECK(disk.sectors() == 8);
        CHECK_FALSE(disk.read_only());
        REQUIRE(disk.write(2, written));
    }
    auto disk = std::move(file.open_alone()[0]);
    std::vector<std::byte> read(written.size());
    REQUIRE(disk.read(2, read));
    CHECK(read == written);
    std::vector<std::byte> first(Disk::sector_size);
    REQUIRE(disk.read(0, first));
    CHECK(first == std::vector<std::byte>(Disk::sector_size));
}

TEST_CASE("What is not on the disk, or no whole sector, is refused", "[disk]")
{
    DiskFile file(8);
    auto disk = std::move(file.open_alone()[0]);
    std::vector<std::byte> one(Disk::sector_size), two(2 * Disk::sector_size);
    CHECK(disk.read(7, one));
    CHECK_FALSE(disk.read(8, one));
    CHECK_FALSE(disk.read(7, two));
    CHECK_FALSE(disk.write(7, two));
    CHECK_FALSE(disk.read(UINT64_MAX, one));
    CHECK_FALSE(disk.read(UINT64_MAX / Disk::sector_size + 1, one)); // times 512 it would be 0
    CHECK_FALSE(disk.read(0, std::span { one }.first(100)));
    CHECK(disk.read(8, {}));
    CHECK_FALSE(disk.read(9, {}));
    CHECK(disk.contains(0, 8));
    CHECK_FALSE(disk.contains(1, UINT64_MAX));
}

TEST_CASE("A file that has shrunk under the disk is an error of the access, not of the program", "[disk]")
{
    DiskFile file(8);
    auto disk = std::move(file.open_alone()[0]);
    file.resize(Disk::sector_size);
    std::vector<std::byte> one(Disk::sector_size);
    CHECK(disk.read(0, one));
    CHECK_FALSE(disk.read(5, one));
}

TEST_CASE("What is no disk image is refused with the reason", "[disk]")
{
    auto message = [](const std::string& path) {
        auto disk = Disk::open(path);
        REQUIRE_FALSE(disk);
        CHECK(disk.error().code == ExitCode::BadImage);
        CHECK(disk.error().message.find(path) != std::string::npos);
        return disk.error().message;
    };
    CHECK(message("/no/such/disk").find("No such file") != std::string::npos);
    CHECK(message("/tmp").find("directory") != std::string::npos);
    CHECK(message("/dev/null").find("not a regular file") != std::string::npos);
    auto empty = DiskFile::of_bytes(0);
    CHECK(message(empty.path()).find("empty") != std::string::npos);
    auto odd = DiskFile::of_bytes(1000);
    CHECK(message(odd.path()).find("1000 bytes") != std::string::npos);
}

TEST_CASE("A pipe that nobody writes to is refused at once", "[disk]")
{
    std::string path = "/tmp/ringside-pipe-" + std::to_string(getpid());
    REQUIRE(mkfifo(path.c_str(), 0600) == 0);
    auto disk = Disk::open(path);
    unlink(path.c_str());
    CHECK_FALSE(disk);
}

TEST_CASE("Too large a disk is refused", "[disk]")
{
    DiskFile file(1);
    file.resize((uint64_t { 1 } << 32) * Disk::sector_size);
    CHECK_FALSE(Disk::open(file.path()));
}

TEST_CASE("A file that may not be written is a read-only disk", "[disk]")
{
    DiskFile file(2);
    file.make_read_only();
    AsNobody nobody;
    auto disk = std::move(file.open_alone()[0]);
    CHECK(disk.read_only());
    std::vector<std::byte> one(Disk::sector_size);
    CHECK(disk.read(0, one));
    CHECK_FALSE(disk.write(0, one));
}
