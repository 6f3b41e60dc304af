#include "core/session/message.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>

namespace ringside {

namespace {

constexpr std::size_t most_descriptors = 8;

struct ControlBuffer {
    alignas(cmsghdr) char bytes[CMSG_SPACE(sizeof(int) * most_descriptors)] {};
    std::size_t descriptors = most_descriptors; // that there is room for when receiving
};

void attach(msghdr& header, ControlBuffer& buffer, std::span<const int> descriptors)
{
    header.msg_control = buffer.bytes;
    header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* control = CMSG_FIRSTHDR(&header);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(control), descriptors.data(), descriptors.size_bytes());
}

std::vector<Descriptor> detach(msghdr& header)
{
    std::vector<Descriptor> descriptors;
    for (cmsghdr* control = CMSG_FIRSTHDR(&header); control; control = CMSG_NXTHDR(&header, control)) {
        if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS)
            continue;
        std::size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int number = -1;
            std::memcpy(&number, CMSG_DATA(control) + i * sizeof(int), sizeof number);
            descriptors.emplace_back(number);
        }
    }
    return descriptors;
}

bool send(int socket, int flags, MessageKind kind, std::span<const std::byte> body, std::span<const int> descriptors)
{
    if (body.size() > largest_message || descriptors.size() > most_descriptors)
        return false;
    std::array<iovec, 2> parts { { { &kind, sizeof kind }, { const_cast<std::byte*>(body.data()), body.size() } } };
    msghdr header {};
    header.msg_iov = parts.data();
    header.msg_iovlen = parts.size();
    ControlBuffer control;
    if (!descriptors.empty())
        attach(header, control, descriptors);
    ssize_t sent = 0;
    do {
        sent = sendmsg(socket, &header, flags | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent >= 0;
}

Received receive(int socket, int flags, ControlBuffer* control)
{
    MessageKind kind {};
    std::vector<std::byte> body(largest_message);
    std::array<iovec, 2> parts { { { &kind, sizeof kind }, { body.data(), body.size() } } };
    msghdr header {};
    header.msg_iov = parts.data();
    header.msg_iovlen = parts.size();
    if (control) {
        header.msg_control = control->bytes;
        header.msg_controllen = CMSG_LEN(sizeof(int) * control->descriptors);
    }

    // A peer that ended without reading all its messages is reported once as ECONNRESET, before what it sent last.
    ssize_t size = 0;
    do {
        size = recvmsg(socket, &header, flags | MSG_CMSG_CLOEXEC);
    } while (size < 0 && (errno == EINTR || errno == ECONNRESET));
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return { Received::Status::Nothing, {} };
    if (size <= 0)
        return { Received::Status::Closed, {} };

    Received received { Received::Status::Message, { kind, {}, detach(header) } };
    auto bytes = static_cast<std::size_t>(size);
    if (bytes < sizeof kind || (header.msg_flags & MSG_TRUNC) || kind < MessageKind::Setup || kind > MessageKind::Last_)
        return { Received::Status::Malformed, {} };
    body.resize(bytes - sizeof kind);
    received.message.body = std::move(body);
    return received;
}

}

SocketPair SocketPair::create(int type)
{
    int ends[2];
    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0)
        return {};
    return { Descriptor { ends[0] }, Descriptor { ends[1] } };
}

bool send_message(int socket, MessageKind kind, std::span<const std::byte> body, std::span<const int> descriptors)
{
    return send(socket, 0, kind, body, descriptors);
}

bool try_send_message(int socket, MessageKind kind, std::span<const std::byte> body)
{
    return send(socket, MSG_DONTWAIT, kind, body, {});
}

Received receive_message(int socket)
{
    return receive(socket, MSG_DONTWAIT, nullptr);
}

Received receive_message_with_descriptor(int socket)
{
    ControlBuffer control;
    control.descriptors = 1;
    return receive(socket, MSG_DONTWAIT, &control);
}

Received receive_message_with_descriptors(int socket, std::size_t limit)
{
    ControlBuffer control;
    Received received = receive(socket, 0, &control);
    if (received.message.descriptors.size() > limit)
        return { Received::Status::Malformed, {} };
    return received;
}

}
