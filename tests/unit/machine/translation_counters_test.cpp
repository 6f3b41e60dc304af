#include "core/machine/translation_counters.hpp"

#include "tests/catch.hpp"
#include "tests/support/text.hpp"

#include <nlohmann/json.hpp>

using namespace ringside;

namespace {

TranslationListing sample()
{
    TranslationListing listing;
    listing.treatments = { "identical", "callout" };
    listing.by_treatment = { 900, 100 };
    listing.counters.blocks = 1234;
    listing.counters.instructions = 1000;
    listing.counters.source_bytes = 4;
    listing.counters.host_bytes = 40;
    listing.counters.links = 7;
    listing.counters.flushes = 99'999'999'999;
    listing.counters.unlinked = 8;
    listing.counters.table_misses = 9;
    listing.counters.executed = 12'000;
    listing.counters.crossings = 99'999'999'999;
    for (auto name : { "OUT", "IN", "MOV CRn", "PUSH Sreg", "floating point", "access through CS" })
        listing.callers.push_back({ name, 1'000'000'000'000 });
    return listing;
}

bool has(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

}

TEST_CASE("the summary of translations gives each counter with its meaning, in 80 columns", "[disasm]")
{
    auto text = translation_summary(sample(), {});
    INFO(text);
    CHECK(test::widest_line(text) <= 80);
    CHECK(has(text, "translated    1,234 blocks, 1,000 instructions\n"));
    CHECK(has(text, "4 became 40: 10.00 times as many"));
    CHECK(has(text, "\nidentical                900   90.0 % of the instructions\n"));
    CHECK(has(text, "\nlinks                      7  branches"));
    CHECK(has(text, "\ntable misses               9  for an indirect branch"));
    CHECK(has(text, "\nby instruction   OUT 1,000,000,000,000   IN 1,000,000,000,000\n"));
    CHECK_FALSE(has(text, "\x1B"));
    CHECK(has(translation_summary(sample(), { .color = true }), "\x1B"));
}

TEST_CASE("the statistics of translations are a few lines in 80 columns", "[disasm]")
{
    auto text = translation_statistics(sample(), {});
    INFO(text);
    CHECK(test::widest_line(text) <= 80);
    CHECK(has(text, "\nTranslated       1,234 blocks   1,000 instructions, 90.0% as they were\n"));
    CHECK(has(text, "\nMonitor calls    unlinked 8   table misses 9"));
    CHECK(has(text, "\nWithout calls    stops 0   crossings 99,999,999,999\n"));
}

TEST_CASE("programs get every counter of translations by name", "[disasm]")
{
    auto json = translation_json(sample());
    CHECK(json["blocks"] == 1234);
    CHECK(json["treatments"]["callout"] == 100);
    CHECK(json["links"] == 7);
    CHECK(json["calls"]["unlinked"] == 8);
    CHECK(json["calls"]["table_misses"] == 9);
    CHECK(json["callers"]["MOV CRn"] == 1'000'000'000'000);
    CHECK(json["crossings"] == 99'999'999'999);
}

TEST_CASE("counters of no translations are noughts, without a division by them", "[disasm]")
{
    CHECK(has(translation_summary({}, {}), "0 became 0: 0.00 times"));
    CHECK(has(translation_statistics({}, {}), "0.0% as they were"));
}
