#include "strategies/emulation/code_pages.hpp"
#include "tests/catch.hpp"

using namespace ringside;

namespace {

struct Watched {
    GuestMemory memory = std::move(*GuestMemory::create(minimum_memory));
    unsigned told = 0;
    CodePages pages { memory, [this](const void* interrupted) { told += interrupted != nullptr ? 1 : 0; } };

    void store(uint64_t address) { memory.write<uint8_t>(Gpa { address }, 0x90); }
};

}

TEST_CASE("The first store to a page of code is noticed, whoever makes it, and goes through", "[code-pages]")
{
    Watched watched;
    CHECK(watched.pages.protect(Gpa { 0x5123 }));
    CHECK_FALSE(watched.pages.any_written());
    watched.store(0x5FFF);
    CHECK(watched.memory.read<uint8_t>(Gpa { 0x5FFF }) == 0x90);
    CHECK(watched.pages.any_written());
    CHECK(watched.told == 1);
    CHECK(watched.pages.take_written(0) == std::vector { Gpa { 0x5000 } });
    CHECK_FALSE(watched.pages.any_written());
}

TEST_CASE("Stores to other pages are not noticed", "[code-pages]")
{
    Watched watched;
    watched.pages.protect(Gpa { 0x5000 });
    watched.store(0x4FFF);
    watched.store(0x6000);
    CHECK_FALSE(watched.pages.any_written());
}

TEST_CASE("A page is watched again only when it holds code again", "[code-pages]")
{
    Watched watched;
    CHECK(watched.pages.protect(Gpa { 0x5000 }));
    CHECK_FALSE(watched.pages.protect(Gpa { 0x5000 }));
    watched.store(0x5000);
    watched.pages.take_written(0);
    watched.store(0x5000);
    CHECK_FALSE(watched.pages.any_written());
    CHECK(watched.pages.protect(Gpa { 0x5000 }));
}

TEST_CASE("A page that faults again and again in quick succession becomes a mixed one and stays writable", "[code-pages]")
{
    Watched watched;
    for (int i = 0; i < 16; ++i) {
        CHECK_FALSE(watched.pages.is_mixed(Gpa { 0x5000 }));
        watched.pages.protect(Gpa { 0x5000 });
        watched.store(0x5000);
        watched.pages.take_written(static_cast<Nanoseconds>(i));
    }
    CHECK(watched.pages.is_mixed(Gpa { 0x5000 }));
    CHECK_FALSE(watched.pages.protect(Gpa { 0x5000 }));
    watched.store(0x5000);
    CHECK_FALSE(watched.pages.any_written());
}

TEST_CASE("A page that faults now and then stays a page of code", "[code-pages]")
{
    Watched watched;
    for (int i = 0; i < 40; ++i) {
        watched.pages.protect(Gpa { 0x5000 });
        watched.store(0x5000);
        watched.pages.take_written(static_cast<Nanoseconds>(i) * 10'000'000);
    }
    CHECK_FALSE(watched.pages.is_mixed(Gpa { 0x5000 }));
}

TEST_CASE("Released pages can be written unnoticed; retaken, those that have changed are told, the others watched", "[code-pages]")
{
    Watched watched;
    for (uint64_t page : { 0x5000, 0x6000, 0x7000 })
        watched.pages.protect(Gpa { page });
    watched.store(0x7123);
    CHECK(watched.told == 1);
    watched.pages.release();
    CHECK_FALSE(watched.pages.any_written());
    watched.store(0x6FFF);
    CHECK(watched.told == 1);
    CHECK(watched.pages.retake() == std::vector { Gpa { 0x6000 }, Gpa { 0x7000 } });
    watched.store(0x6000);
    CHECK_FALSE(watched.pages.any_written());
    watched.store(0x5000);
    CHECK(watched.pages.take_written(0) == std::vector { Gpa { 0x5000 } });
}

TEST_CASE("A page that is written and written back while released is the same page", "[code-pages]")
{
    Watched watched;
    watched.pages.protect(Gpa { 0x5000 });
    watched.pages.release();
    watched.store(0x5000);
    watched.memory.write<uint8_t>(Gpa { 0x5000 }, 0);
    CHECK(watched.pages.retake().empty());
    CHECK(watched.pages.retake().empty());
}

TEST_CASE("More written pages than the list holds are all found", "[code-pages]")
{
    Watched watched;
    for (uint64_t page = 16; page < 116; ++page)
        watched.pages.protect(Gpa { page * page_size });
    for (uint64_t page = 16; page < 116; ++page)
        watched.store(page * page_size);
    CHECK(watched.pages.take_written(0).size() == 100);
}
