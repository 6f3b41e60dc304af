#include "core/session/message.hpp"

#include "tests/catch.hpp"

#include <array>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>

using namespace ringside;

namespace {

std::vector<std::byte> bytes_of(std::string_view text)
{
    auto bytes = std::as_bytes(std::span { text });
    return { bytes.begin(), bytes.end() };
}

}

TEST_CASE("a message arrives with its kind and its body", "[session]")
{
    auto pair = SocketPair::create(SOCK_SEQPACKET);
    auto body = bytes_of("any \0 bytes");
    REQUIRE(send_message(pair.ours.get(), MessageKind::Ended, body));
    auto received = receive_message(pair.theirs.get());
    REQUIRE(received.status == Received::Status::Message);
    CHECK(received.message.kind == MessageKind::Ended);
    CHECK(received.message.body == body);
}

TEST_CASE("without a message there is nothing to receive, and it does not block", "[session]")
{
    auto pair = SocketPair::create(SOCK_SEQPACKET);
    CHECK(receive_message(pair.ours.get()).status == Received::Status::Nothing);
}

TEST_CASE("a packet that is no message is malformed", "[session]")
{
    auto pair = SocketPair::create(SOCK_SEQPACKET);
    auto send_raw = [&](const void* data, std::size_t size) { REQUIRE(send(pair.theirs.get(), data, size, 0) >= 0); };

    SECTION("too short for a kind")
    {
        send_raw("ab", 2);
    }
    SECTION("of an unknown kind")
    {
        uint32_t kind = 4711;
        send_raw(&kind, sizeof kind);
    }
    SECTION("of kind 0")
    {
        uint32_t kind = 0;
        send_raw(&kind, sizeof kind);
    }
    SECTION("too long")
    {
        std::vector<char> packet(sizeof(uint32_t) + largest_message + 1);
        packet[0] = static_cast<char>(MessageKind::Ready);
        send_raw(packet.data(), packet.size());
    }
    CHECK(receive_message(pair.ours.get()).status == Received::Status::Malformed);
}

TEST_CASE("a body that is too large is not sent", "[session]")
{
    auto pair = SocketPair::create(SOCK_SEQPACKET);
    CHECK_FALSE(send_message(pair.ours.get(), MessageKind::Ended, std::vector<std::byte>(largest_message + 1)));
    CHECK(send_message(pair.ours.get(), MessageKind::Ended, std::vector<std::byte>(largest_message)));
}

TEST_CASE("what was sent before the peer ended is received before the end", "[session]")
{
    auto pair = SocketPair::create(SOCK_SEQPACKET);
    REQUIRE(send_message(pair.theirs.get(), MessageKind::Ready));
    // The peer has not read this one: the kernel reports a reset before it hands out the rest.
    REQUIRE(send_message(pair.ours.get(), MessageKind::Command));
    pair.theirs.reset();
    CHECK(receive_message(pair.ours.get()).status == Received::Status::Message);
    CHECK(receive_message(pair.ours.get()).status == Received::Status::Closed);
    CHECK_FALSE(send_message(pair.ours.get(), MessageKind::Command));
}

TEST_CASE("descriptors come with the message that carries them, close-on-exec", "[session]")
{
    auto pair = SocketPair::create(SOCK_SEQPACKET);
    auto passed = SocketPair::create(SOCK_STREAM);
    std::array descriptors { passed.theirs.get() };
    REQUIRE(send_message(pair.ours.get(), MessageKind::Setup, {}, descriptors));
    auto received = receive_message_with_descriptors(pair.theirs.get(), 1);
    REQUIRE(received.message.descriptors.size() == 1);
    int number = received.message.descriptors[0].get();
    CHECK(fcntl(number, F_GETFD) == FD_CLOEXEC);
    REQUIRE(write(passed.ours.get(), "x", 1) == 1);
    char c = 0;
    CHECK(read(number, &c, 1) == 1);
    CHECK(c == 'x');
}

TEST_CASE("a receiver that expects no descriptors gets none", "[session]")
{
    auto pair = SocketPair::create(SOCK_SEQPACKET);
    auto passed = SocketPair::create(SOCK_STREAM);
    std::array descriptors { passed.theirs.get() };
    REQUIRE(send_message(pair.theirs.get(), MessageKind::Ready, {}, descriptors));
    passed.theirs.reset();
    auto received = receive_message(pair.ours.get());
    CHECK(received.status == Received::Status::Message);
    CHECK(received.message.descriptors.empty());
    // The kernel has closed the last reference to the passed socket.
    char c = 0;
    CHECK(read(passed.ours.get(), &c, 1) == 0);
}

TEST_CASE("more descriptors than allowed are refused and closed", "[session]")
{
    auto pair = SocketPair::create(SOCK_SEQPACKET);
    auto passed = SocketPair::create(SOCK_STREAM);
    std::array descriptors { passed.theirs.get(), passed.theirs.get() };
    REQUIRE(send_message(pair.ours.get(), MessageKind::Setup, {}, descriptors));
    passed.theirs.reset();
    CHECK(receive_message_with_descriptors(pair.theirs.get(), 1).status == Received::Status::Malformed);
    char c = 0;
    CHECK(read(passed.ours.get(), &c, 1) == 0);
}
