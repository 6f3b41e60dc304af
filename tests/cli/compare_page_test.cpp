// The page of a comparison in a real browser. The pictures stay in build/PRESET/artifacts.
#include "tests/catch.hpp"
#include "tests/support/browser.hpp"
#include "tests/support/command.hpp"

#include <iostream>

using namespace ringside::test;

namespace {

bool has(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

std::size_t pixels_of(const Picture& picture)
{
    return picture.pixels.size() / 3;
}

}

TEST_CASE("a comparison's page shows its charts in a browser, light and dark, wide and narrow, without a network", "[cli][compare]")
{
    if (browser().empty()) {
        std::cout << "skipped: there is no chromium (Debian's package chromium)\n";
        return;
    }
    auto page = artifact("compare.html");
    REQUIRE(run_program({ "compare", "hello", "--strategies", "emulation,trap,rewriting", "--runs", "2", "--html", page, "--quiet" }).status == 0);

    auto document = document_of(page);
    CHECK(has(document, "How long it took"));
    CHECK(has(document, "The guest ended the same (success)"));
    CHECK(has(document, "<svg class=\"chart\""));
    CHECK_FALSE(has(document, "http:"));
    CHECK_FALSE(has(document, "https:"));

    auto light = photograph(page, artifact("compare-light.png"), {});
    REQUIRE(light.width == 1100);
    CHECK(light.colors() > 100);
    CHECK(light.count(0xF6, 0xF5, 0xF1) > pixels_of(light) / 20); // the paper
    CHECK(light.count(0x1F, 0x78, 0xB4) > 1000);                  // the bars

    auto dark = photograph(page, artifact("compare-dark.png"), { .dark = true });
    CHECK(dark.count(0x12, 0x16, 0x1F) > pixels_of(dark) / 20);
    CHECK(dark.count(0x4E, 0xA5, 0xDE) > 1000);

    auto narrow = photograph(page, artifact("compare-narrow.png"), { .width = 500, .height = 2000 });
    REQUIRE(narrow.width == 500);
    CHECK(narrow.count(0x1F, 0x78, 0xB4) > 500);
}
