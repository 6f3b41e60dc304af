// Messages between a session and its worker: packets on a SOCK_SEQPACKET pair, so that each arrives whole or not at
// all. The messages that carry descriptors are Setup and Memory.
//
//   session -> worker                             worker -> session
//     Setup       settings.hpp                      Ready, or SetupFailed: the answer to Setup. Ready's body says why
//                                                   the worker is not confined; empty when it is
//                                                   Memory       guest memory, to look at; before Ready
//     Command     a Command                         Paused, Resumed
//     Step        the events to go on to            Snapshot     a byte that says whether there is more, and a part of the
//                                                                answer to the command Snapshot
//     Switch      a strategy's name                 Switched     the name of the strategy that has the guest now
//                                                   Translations a part of the listing that was asked for; before Ended
//                                                   Ended        how the run ended; then the worker exits
//
// Either side takes the end of the connection for the end of the other. The session trusts no message: a packet that
// is not exactly one of these is Malformed, and ends the worker.
#pragma once

#include "core/session/descriptor.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ringside {

enum class MessageKind : uint32_t { Setup = 1, Command, Ready, SetupFailed, Paused, Resumed, Ended, Switch, Switched, Translations, Memory,
    Step, Snapshot, Last_ = Snapshot };

inline constexpr std::size_t largest_message = 16 * 1024; // of the body

struct Message {
    MessageKind kind {};
    std::vector<std::byte> body;
    std::vector<Descriptor> descriptors;
};

struct Received {
    enum class Status : uint8_t { Message, Nothing, Closed, Malformed };
    Status status = Status::Nothing;
    Message message;
};

struct SocketPair {
    Descriptor ours;
    Descriptor theirs;
    static SocketPair create(int type); // SOCK_SEQPACKET or SOCK_STREAM; empty when that fails (errno)
};

// Blocks while the other side does not read. False when the other side is gone or the body is too large. Safe to use
// from several threads at once.
bool send_message(
    int socket, MessageKind kind, std::span<const std::byte> body = {}, std::span<const int> descriptors = {});
// The same without blocking: also false when the other side has not read for long.
bool try_send_message(int socket, MessageKind kind, std::span<const std::byte> body = {});

// Never accepts a descriptor: the kernel drops what a hostile peer attaches. Does not block.
Received receive_message(int socket);
// The same, but one descriptor (close-on-exec) is accepted: while a session waits for Memory.
Received receive_message_with_descriptor(int socket);
// Blocks, and accepts up to `limit` descriptors (close-on-exec): for the worker's Setup.
Received receive_message_with_descriptors(int socket, std::size_t limit);

}
