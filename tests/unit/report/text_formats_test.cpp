// What is written into other languages must not be taken for them.
#include "core/report/csv_text.hpp"
#include "core/report/html_text.hpp"
#include "core/report/markdown_text.hpp"
#include "core/report/wrapped_text.hpp"
#include "tests/catch.hpp"
#include "tests/support/text.hpp"

using namespace ringside;

TEST_CASE("HTML is escaped, as content and in attributes", "[report]")
{
    CHECK(html_escaped("<script>alert('x' & \"y\")</script>")
        == "&lt;script&gt;alert(&#39;x&#39; &amp; &quot;y&quot;)&lt;/script&gt;");
    CHECK(html_escaped("plain µ → text\n") == "plain µ → text\n");
}

TEST_CASE("what is no UTF-8 or a control character is replaced in HTML", "[report]")
{
    const std::string mark = "\xEF\xBF\xBD";
    CHECK(html_escaped("a\x1B[2J") == "a" + mark + "[2J");
    CHECK(html_escaped(std::string("\0", 1)) == mark);
    CHECK(html_escaped("\x7F") == mark);
    CHECK(html_escaped("\xC2\x85") == mark);         // C1
    CHECK(html_escaped("\xFF<") == mark + "&lt;");   // never a byte of UTF-8
    CHECK(html_escaped("\xC0\xBC") == mark + mark);  // '<', overlong
    CHECK(html_escaped("\xE0\x80\xBC") == mark + mark + mark);
    CHECK(html_escaped("\xED\xA0\x80") == mark + mark + mark); // a surrogate
    CHECK(html_escaped("\xF4\x90\x80\x80") == mark + mark + mark + mark);
    CHECK(html_escaped("\xE2\x82") == mark + mark);  // cut off
    CHECK(html_escaped("\xE2\x82<") == mark + mark + "&lt;");
    CHECK(html_escaped("\xF0\x9F\x98\x80") == "\xF0\x9F\x98\x80");
}

TEST_CASE("a table's cells are escaped, and short rows are filled", "[report]")
{
    auto table = html_table("<c>", { "A", "B" }, { { "<a>" }, { "x", "y" } });
    CHECK(table.find("<caption>&lt;c&gt;</caption>") != std::string::npos);
    CHECK(table.find("<tr><th scope=\"row\">&lt;a&gt;</th><td></td></tr>") != std::string::npos);
    CHECK(table.find("<tr><th scope=\"row\">x</th><td>y</td></tr>") != std::string::npos);
}

TEST_CASE("CSV is quoted where it must be", "[report]")
{
    CHECK(csv_field("plain text") == "plain text");
    CHECK(csv_field("") == "");
    CHECK(csv_field("a,b") == "\"a,b\"");
    CHECK(csv_field("say \"x\"") == "\"say \"\"x\"\"\"");
    CHECK(csv_field("\"\"") == "\"\"\"\"\"\"");
    CHECK(csv_field("two\nlines") == "\"two\nlines\"");
    CHECK(csv_field(std::string("a\0b", 3)) == "a?b");
    CHECK(csv_record({ "a", "", "c,d" }) == "a,,\"c,d\"\r\n");
}

TEST_CASE("a spreadsheet executes nothing of a CSV file", "[report]")
{
    CHECK(csv_field("=1+1") == "'=1+1");
    CHECK(csv_field("@SUM(A1)") == "'@SUM(A1)");
    CHECK(csv_field("+cmd") == "'+cmd");
    CHECK(csv_field("-x") == "'-x");
    CHECK(csv_field("\t=1") == "'\t=1");
    CHECK(csv_field("-12.5") == "-12.5");
    CHECK(csv_field("+3") == "+3");
    CHECK(csv_field("-") == "'-");
}

TEST_CASE("Markdown means itself", "[report]")
{
    CHECK(markdown_escaped("a|b *c* <d> [e](f) `g` h_i") == "a\\|b \\*c\\* \\<d\\> \\[e\\](f) \\`g\\` h\\_i");
    CHECK(markdown_escaped("two\nlines\x1B") == "two lines ");
    CHECK(markdown_table({ "A", "B" }, { { "1" }, { "2", "x|y" } })
        == "| A | B |\n|:---|---:|\n| 1 |  |\n| 2 | x\\|y |\n");
}

TEST_CASE("paragraphs are wrapped in characters, not in bytes", "[report]")
{
    CHECK(wrapped("one two three", 7) == "one two\nthree\n");
    CHECK(wrapped("one two three", 8, 2) == "one two\n  three\n");
    CHECK(wrapped("µµ µµ µµ", 5) == "µµ µµ\nµµ\n");
    CHECK(wrapped("  many   spaces ", 80) == "many spaces\n");
    CHECK(wrapped("", 80) == "");
    CHECK(test::widest_line(wrapped(std::string(300, 'x'), 80, 4)) == 80);
    CHECK(test::widest_line(wrapped("a " + std::string(300, 'x') + " b", 80, 4)) <= 80);
}

TEST_CASE("a label stands beside its text", "[report]")
{
    CHECK(labeled("cpu:", "one two", 12, 6) == "cpu:  one\n      two\n");
    CHECK(labeled("", "one two three", 10, 2) == "  one two\n  three\n");
}

TEST_CASE("a terminal without Unicode is shown something else", "[report]")
{
    CHECK(fitting("0 → 3 µs 漢 end", Style { .unicode = false }) == "0 -> 3 ?s ? end");
    CHECK(fitting("\xFF\x80x", Style { .unicode = false }) == "?x");
    CHECK(fitting("0 → 3", Style {}) == "0 → 3");
}
