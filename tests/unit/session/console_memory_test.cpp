#include "core/session/console_memory.hpp"

#include "tests/catch.hpp"

#include <fcntl.h>
#include <thread>

using namespace ringside;

namespace {

std::string pattern(std::size_t size)
{
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
        text[i] = static_cast<char>(i * 7 + i / 251);
    return text;
}

}

TEST_CASE("console text comes out as it went in, across the ring's end", "[session]")
{
    auto memory = ConsoleMemory::create();
    REQUIRE(memory);
    ConsoleWriter writer(memory->block().serial);
    ConsoleReader reader(memory->block().serial);
    std::string sent, taken;
    for (int i = 0; i < 10; ++i) {
        auto text = pattern(20'000 + static_cast<std::size_t>(i));
        writer.write(text);
        sent += text;
        reader.take(taken, SIZE_MAX);
    }
    CHECK(taken == sent);
}

TEST_CASE("a writer with more text than room waits for the reader", "[session]")
{
    auto memory = ConsoleMemory::create();
    REQUIRE(memory);
    auto text = pattern(5 * ConsoleRing::capacity + 3);
    std::thread writer([&] { ConsoleWriter(memory->block().serial).write(text); });
    ConsoleReader reader(memory->block().serial);
    std::string taken;
    while (taken.size() < text.size()) {
        if (reader.take(taken, 1000) == 0)
            std::this_thread::yield();
    }
    writer.join();
    CHECK(taken == text);
}

TEST_CASE("a reader takes at most what it asks for", "[session]")
{
    auto memory = ConsoleMemory::create();
    REQUIRE(memory);
    ConsoleWriter(memory->block().debug).write("abcdef");
    ConsoleReader reader(memory->block().debug);
    std::string taken = "> ";
    CHECK(reader.take(taken, 4) == 4);
    CHECK(taken == "> abcd");
    CHECK(reader.available() == 2);
}

TEST_CASE("a writer gone wild gives the reader nothing", "[session]")
{
    auto memory = ConsoleMemory::create();
    REQUIRE(memory);
    auto head = GENERATE(ConsoleRing::capacity + 1, UINT64_MAX, uint64_t { 1 } << 63);
    memory->block().serial.head.store(head);
    ConsoleReader reader(memory->block().serial);
    std::string taken;
    CHECK(reader.take(taken, SIZE_MAX) == 0);
    CHECK(taken.empty());
}

TEST_CASE("the reader's place is its own, whatever stands in the block", "[session]")
{
    auto memory = ConsoleMemory::create();
    REQUIRE(memory);
    ConsoleReader reader(memory->block().serial);
    ConsoleWriter(memory->block().serial).write("abc");
    memory->block().serial.tail.store(12345678);
    std::string taken;
    reader.take(taken, SIZE_MAX);
    CHECK(taken == "abc");
}

TEST_CASE("console memory cannot be shrunk under its reader", "[session]")
{
    auto memory = ConsoleMemory::create();
    REQUIRE(memory);
    CHECK(ftruncate(memory->descriptor(), 0) != 0);
}

TEST_CASE("a descriptor that is no console memory is refused", "[session]")
{
    CHECK_FALSE(ConsoleMemory::open(Descriptor { open("/dev/null", O_RDWR | O_CLOEXEC) }));
    CHECK_FALSE(ConsoleMemory::open(Descriptor {}));
}
