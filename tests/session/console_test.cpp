#include "tests/catch.hpp"
#include "tests/support/running.hpp"

using namespace ringside;
using namespace ringside::test;

namespace {

std::string all_bytes_but_q()
{
    std::string text;
    for (int i = 0; i < 256; ++i) {
        if (i != 'q')
            text.push_back(static_cast<char>(i));
    }
    return text;
}

}

TEST_CASE("every byte of a large output arrives, in order, at a slow reader", "[session]")
{
    auto session = start("flood");
    std::string text;
    std::size_t limit = 1;
    while (!session->ended() || session->take_console(text, 1) > 0) {
        session->take_console(text, limit);
        limit = limit * 3 % 50'000;
        session->wait(text.size() % 3 == 0 ? 1ms : 0ms, Session::Console::Ignore);
    }
    REQUIRE(text.size() == 256 * 1024);
    for (std::size_t i = 0; i < text.size(); ++i)
        REQUIRE(text[i] == static_cast<char>(i));
    CHECK(session->end().result.outcome == Outcome::Success);
}

TEST_CASE("a guest waits for a reader that never comes, in bounded memory", "[session]")
{
    auto session = start("flood");
    session->wait(500ms, Session::Console::Ignore);
    CHECK_FALSE(session->ended());
    CHECK(session->trace().block().counters[size_t(EventKind::PortWrite)].count <= ConsoleRing::capacity + 1);
}

TEST_CASE("every byte value that is typed reaches the guest", "[session]")
{
    auto session = start("echo");
    REQUIRE(take_text(*session, 6) == "ready\n");
    auto text = all_bytes_but_q();
    REQUIRE(session->type(text) == text.size());
    CHECK(take_text(*session, text.size()) == text);
    REQUIRE(session->type("q") == 1);
    CHECK(take_all(*session) == "q");
}

TEST_CASE("more input than the guest has room for waits, and none is lost", "[session]")
{
    auto session = start("echo");
    REQUIRE(take_text(*session, 6) == "ready\n");
    std::string text;
    while (text.size() < 600'000)
        text += all_bytes_but_q();
    text += 'q';
    std::string echoed;
    std::string_view rest = text;
    bool was_held_up = false;
    while (!session->ended()) {
        auto typed = session->type(rest);
        was_held_up = was_held_up || typed < rest.size();
        rest.remove_prefix(typed);
        session->take_console(echoed);
        session->wait(1ms);
    }
    session->take_console(echoed);
    CHECK(was_held_up);
    CHECK(echoed == text);
}

TEST_CASE("input that is typed to a guest that never reads is held up before it fills the memory", "[session]")
{
    auto session = start("spin");
    std::string text(1 << 20, 'x');
    std::size_t accepted = 0;
    for (int i = 0; i < 300; ++i) {
        accepted += session->type(text);
        session->wait(1ms, Session::Console::Ignore);
    }
    CHECK(accepted < (2u << 20));
}

TEST_CASE("the end of input leaves the guest running", "[session]")
{
    auto session = start("echo");
    REQUIRE(session->type("abc") == 3);
    session->end_input();
    CHECK(session->input_descriptor() == -1);
    CHECK(take_text(*session, 9) == "ready\nabc");
    session->wait(20ms, Session::Console::Ignore);
    CHECK_FALSE(session->ended());
}

TEST_CASE("the serial console and the debug port are told apart", "[session]")
{
    auto session = start("both");
    CHECK(take_all(*session) == "serial");
    std::string text;
    session->take_debug_output(text);
    CHECK(text == "d!");
}

TEST_CASE("waiting ends as soon as there is text to take", "[session]")
{
    auto session = start("echo");
    REQUIRE(take_text(*session, 6) == "ready\n");
    session->wait(100ms);
    REQUIRE(session->type("x") == 1);
    auto begin = std::chrono::steady_clock::now();
    session->wait(20s);
    CHECK(std::chrono::steady_clock::now() - begin < 1s);
    std::string text;
    session->take_console(text);
    CHECK(text == "x");
}

TEST_CASE("waiting ends when one of the owner's descriptors is ready", "[session]")
{
    auto session = start("sleep");
    REQUIRE(take_text(*session, 8) == "sleeping");
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    REQUIRE(write(ends[1], "x", 1) == 1);
    std::array others { pollfd { ends[0], POLLIN, 0 } };
    auto begin = std::chrono::steady_clock::now();
    session->wait(20s, Session::Console::Wake, others);
    CHECK(std::chrono::steady_clock::now() - begin < 1s);
    CHECK(others[0].revents == POLLIN);
    close(ends[0]);
    close(ends[1]);
}
