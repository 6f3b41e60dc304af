#include "core/machine/guest_memory.hpp"
#include "tests/catch.hpp"
#include "tests/unit/machine/test_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace ringside;
using namespace ringside::test;

TEST_CASE("guest memory of an impossible size is a usage error with the possible ones")
{
    const uint64_t tebibyte = mebibyte * mebibyte;
    for (const uint64_t size : { uint64_t { 0 }, uint64_t { 1 }, minimum_memory - page_size, minimum_memory + 1,
             maximum_memory + page_size, tebibyte, UINT64_MAX }) {
        const auto memory = GuestMemory::create(size);
        REQUIRE_FALSE(memory);
        CHECK(memory.error().code == ExitCode::Usage);
        CHECK(memory.error().hint == "choose 2 to 3584 MiB");
    }
}

TEST_CASE("guest memory of the smallest and the largest size is zero-filled and writable to its end")
{
    for (const uint64_t size : { minimum_memory, maximum_memory }) {
        auto memory = GuestMemory::create(size);
        REQUIRE(memory);
        CHECK(memory->size() == size);
        CHECK(memory->read<uint32_t>(Gpa { size - 4 }) == 0u);
        CHECK(memory->write<uint32_t>(Gpa { size - 4 }, 0x12345678));
        CHECK(memory->read<uint16_t>(Gpa { size - 3 }) == 0x3456);
        CHECK_FALSE(memory->read<uint32_t>(Gpa { size - 3 }));
    }
}

TEST_CASE("the regions are ascending, disjoint RAM that ends with the memory")
{
    const auto memory = memory_of(4);
    uint64_t end = 0;
    for (const auto& region : memory.regions()) {
        CHECK(region.base.value >= end);
        CHECK(region.size > 0);
        CHECK(memory.contains(region.base, region.size));
        CHECK_FALSE(memory.contains(region.base, region.size + 1));
        end = region.base.value + region.size;
    }
    CHECK(end == memory.size());
    CHECK(memory.regions()[0].base == Gpa { 0 });
}

TEST_CASE("accesses that are not all RAM are refused")
{
    auto memory = memory_of(4);
    CHECK(memory.contains(Gpa { 0x9FFFF }, 1));
    CHECK_FALSE(memory.contains(Gpa { 0x9FFFF }, 2));
    CHECK_FALSE(memory.contains(Gpa { 0xA0000 }, 1));
    CHECK_FALSE(memory.contains(Gpa { 0xB7FFF }, 1));
    CHECK(memory.contains(Gpa { 0xB8000 }, 0x8000));
    CHECK_FALSE(memory.contains(Gpa { 4 * mebibyte }, 1));
    CHECK_FALSE(memory.write<uint16_t>(Gpa { 0x9FFFF }, 0xFFFF));
    CHECK(memory.read<uint8_t>(Gpa { 0x9FFFF }) == 0);
    CHECK(memory.bytes(Gpa { 0xA0000 }, 16).empty());
}

TEST_CASE("addresses and lengths that overflow are refused")
{
    const auto memory = memory_of(4);
    CHECK_FALSE(memory.contains(Gpa { UINT64_MAX }, 1));
    CHECK_FALSE(memory.contains(Gpa { UINT64_MAX }, UINT64_MAX));
    CHECK_FALSE(memory.contains(Gpa { 0x100000 }, UINT64_MAX));
    CHECK_FALSE(memory.contains(Gpa { 0x100000 }, UINT64_MAX - 0xFFFFF));
    CHECK_FALSE(memory.contains(Gpa { uint64_t { 1 } << 32 }, 4));
    CHECK_FALSE(memory.read<uint64_t>(Gpa { UINT64_MAX - 3 }));
}

TEST_CASE("scalars are little-endian at any alignment")
{
    auto memory = memory_of(2);
    REQUIRE(memory.write<uint64_t>(Gpa { 0x1003 }, 0x1122334455667788));
    CHECK(memory.read<uint8_t>(Gpa { 0x1003 }) == 0x88);
    CHECK(memory.read<uint16_t>(Gpa { 0x1004 }) == 0x6677);
    CHECK(memory.read<uint32_t>(Gpa { 0x1007 }) == 0x11223344u);
}

TEST_CASE("moved-from guest memory holds nothing, and the moved-to keeps the contents")
{
    auto first = memory_of(2);
    REQUIRE(first.write<uint32_t>(Gpa { 0x2000 }, 42));
    const auto descriptor = first.descriptor();
    auto second = std::move(first);
    CHECK(second.read<uint32_t>(Gpa { 0x2000 }) == 42u);
    CHECK(second.descriptor() == descriptor);
    CHECK_FALSE(first.contains(Gpa { 0 }, 1));
    CHECK_FALSE(first.read<uint8_t>(Gpa { 0 }));
    CHECK(first.size() == 0);
    CHECK(first.descriptor() == -1);
}

TEST_CASE("guest memory gives its descriptor back when it goes")
{
    int descriptor = -1;
    {
        const auto memory = memory_of(2);
        descriptor = memory.descriptor();
        REQUIRE(fcntl(descriptor, F_GETFD) == FD_CLOEXEC);
    }
    CHECK(fcntl(descriptor, F_GETFD) == -1);
}

TEST_CASE("a second mapping of the descriptor shows the same bytes")
{
    auto memory = memory_of(2);
    auto* other = static_cast<unsigned char*>(
        mmap(nullptr, page_size, PROT_READ | PROT_WRITE, MAP_SHARED, memory.descriptor(), 0x5000));
    REQUIRE(other != MAP_FAILED);
    REQUIRE(memory.write<uint8_t>(Gpa { 0x5001 }, 0x7F));
    CHECK(other[1] == 0x7F);
    other[2] = 0x80;
    CHECK(memory.read<uint8_t>(Gpa { 0x5002 }) == 0x80);
    munmap(other, page_size);
}

TEST_CASE("guest memory can be looked at through its descriptor, and only as what it is")
{
    auto memory = memory_of(4);
    memory.write<uint32_t>(Gpa { 0x1000 }, 0xCAFE);
    auto seen = GuestMemory::open_read_only(dup(memory.descriptor()), 4 * mebibyte);
    REQUIRE(seen);
    CHECK(seen->read<uint32_t>(Gpa { 0x1000 }) == 0xCAFEu);
    memory.write<uint32_t>(Gpa { 0x1000 }, 1);
    CHECK(seen->read<uint32_t>(Gpa { 0x1000 }) == 1u);
    CHECK_FALSE(seen->read<uint32_t>(Gpa { 4 * mebibyte - 2 }));
    CHECK_FALSE(GuestMemory::open_read_only(dup(memory.descriptor()), 8 * mebibyte));
    CHECK_FALSE(GuestMemory::open_read_only(-1, 4 * mebibyte));
    CHECK_FALSE(GuestMemory::open_read_only(open("/dev/zero", O_RDONLY), 4 * mebibyte));
}

TEST_CASE("guest memory never changes its size, and what could is not looked at")
{
    auto memory = memory_of(4);
    CHECK(ftruncate(memory.descriptor(), 0) != 0);
    CHECK(ftruncate(memory.descriptor(), 8 * mebibyte) != 0);
    int unsealed = memfd_create("test", MFD_ALLOW_SEALING);
    REQUIRE(ftruncate(unsealed, 4 * mebibyte) == 0);
    CHECK_FALSE(GuestMemory::open_read_only(unsealed, 4 * mebibyte));
}
