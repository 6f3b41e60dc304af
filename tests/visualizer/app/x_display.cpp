#include "tests/visualizer/app/x_display.hpp"

#include "tests/catch.hpp"

#include <csignal>
#include <cstring>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ringside::test {

namespace {

constexpr const char* xvfb = "/usr/bin/Xvfb";
constexpr int longest_start = 20'000; // milliseconds

// Requests and events that are used here, by their numbers in the X11 protocol (Appendix B) and in XTEST.
enum Opcode : uint8_t {
    GetWindowAttributes = 3,
    ConfigureWindow = 12,
    GetGeometry = 14,
    QueryTree = 15,
    InternAtom = 16,
    SendEvent = 25,
    SetInputFocus = 42,
    GetImage = 73,
    QueryExtension = 98,
    GetKeyboardMapping = 101,
};
constexpr uint8_t xtest_fake_input = 2;
enum Input : uint8_t { KeyPress = 2, KeyRelease = 3, ButtonPress = 4, ButtonRelease = 5, MotionNotify = 6 };
constexpr uint8_t client_message = 33;
constexpr uint8_t is_viewable = 2;
constexpr std::size_t header_size = 32; // of each reply

template<typename Number>
Number number_at(std::span<const uint8_t> bytes, std::size_t at)
{
    REQUIRE(at + sizeof(Number) <= bytes.size());
    Number number;
    std::memcpy(&number, bytes.data() + at, sizeof number);
    return number;
}

template<typename Number>
void put(std::vector<uint8_t>& bytes, std::size_t at, Number number)
{
    REQUIRE(at + sizeof number <= bytes.size());
    std::memcpy(bytes.data() + at, &number, sizeof number);
}

// All of a request but what is in it: its opcode, the byte beside it, its length in words.
std::vector<uint8_t> request(uint8_t opcode, uint8_t detail, std::size_t words)
{
    std::vector<uint8_t> bytes(words * 4);
    bytes[0] = opcode;
    bytes[1] = detail;
    put(bytes, 2, static_cast<uint16_t>(words));
    return bytes;
}

std::vector<uint8_t> request_about(uint8_t opcode, uint8_t detail, std::size_t words, uint32_t window)
{
    auto bytes = request(opcode, detail, words);
    put(bytes, 4, window);
    return bytes;
}

std::vector<uint8_t> request_with_name(uint8_t opcode, std::string_view name)
{
    auto bytes = request(opcode, 0, 2 + (name.size() + 3) / 4);
    put(bytes, 4, static_cast<uint16_t>(name.size()));
    std::memcpy(bytes.data() + 8, name.data(), name.size());
    return bytes;
}

[[noreturn]] void become_server(int number_pipe)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    auto pipe_name = std::to_string(number_pipe);
    if (!freopen("/dev/null", "w", stderr))
        _exit(127);
    execl(xvfb, xvfb, "-displayfd", pipe_name.c_str(), "-screen", "0", "1600x1000x24", "-nolisten", "tcp", "-ac", "-noreset",
        nullptr);
    _exit(127);
}

// The server says its number when it can be used.
std::string read_number(int from)
{
    std::string number;
    char c = 0;
    pollfd readable { from, POLLIN, 0 };
    while (poll(&readable, 1, longest_start) > 0 && read(from, &c, 1) == 1 && c != '\n')
        number += c;
    return c == '\n' ? number : "";
}

}

std::unique_ptr<VirtualDisplay> VirtualDisplay::start(std::string& reason)
{
    if (access(xvfb, X_OK) != 0) {
        reason = "Xvfb is not installed (Debian package xvfb)";
        return nullptr;
    }
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    std::unique_ptr<VirtualDisplay> display(new VirtualDisplay);
    display->m_process = fork();
    REQUIRE(display->m_process >= 0);
    if (display->m_process == 0) {
        close(ends[0]);
        become_server(ends[1]);
    }
    close(ends[1]);
    display->m_number = read_number(ends[0]);
    close(ends[0]);
    if (display->m_number.empty()) {
        reason = "Xvfb does not start";
        return nullptr;
    }
    return display;
}

VirtualDisplay::~VirtualDisplay()
{
    kill(m_process, SIGTERM);
    waitpid(m_process, nullptr, 0);
}

XClient::XClient(const VirtualDisplay& display)
{
    m_socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(m_socket >= 0);
    sockaddr_un address {};
    address.sun_family = AF_UNIX;
    auto path = display.socket_path();
    REQUIRE(path.size() < sizeof address.sun_path);
    std::memcpy(address.sun_path, path.data(), path.size());
    REQUIRE(connect(m_socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    introduce();
    auto extension = ask(request_with_name(QueryExtension, "XTEST"));
    REQUIRE(extension[8] != 0);
    m_xtest = extension[9];
}

XClient::~XClient() { close(m_socket); }

void XClient::introduce()
{
    Bytes hello(12);
    hello[0] = 'l'; // numbers are little-endian
    put<uint16_t>(hello, 2, 11);
    send(hello);
    Bytes first(8);
    receive(first);
    REQUIRE(first[0] == 1);
    Bytes setup(std::size_t { number_at<uint16_t>(first, 6) } * 4);
    receive(setup);
    m_key_codes = { setup[26], setup[27] };
    auto vendor = (std::size_t { number_at<uint16_t>(setup, 16) } + 3) / 4 * 4;
    auto formats = std::size_t { setup[21] } * 8;
    m_root = number_at<uint32_t>(setup, 32 + vendor + formats);
}

void XClient::send(const Bytes& request)
{
    REQUIRE(write(m_socket, request.data(), request.size()) == static_cast<ssize_t>(request.size()));
}

void XClient::receive(std::span<uint8_t> into)
{
    while (!into.empty()) {
        pollfd readable { m_socket, POLLIN, 0 };
        REQUIRE(poll(&readable, 1, longest_start) == 1);
        auto size = read(m_socket, into.data(), into.size());
        REQUIRE(size > 0);
        into = into.subspan(static_cast<std::size_t>(size));
    }
}

XClient::Bytes XClient::reply()
{
    constexpr uint8_t error = 0, answer = 1;
    while (true) {
        Bytes bytes(header_size);
        receive(bytes);
        INFO("X11 error " << int { bytes[1] } << " of request " << int { bytes[10] });
        REQUIRE(bytes[0] != error);
        if (bytes[0] != answer)
            continue;
        bytes.resize(header_size + std::size_t { number_at<uint32_t>(bytes, 4) } * 4);
        receive(std::span { bytes }.subspan(header_size));
        return bytes;
    }
}

XClient::Bytes XClient::ask(const Bytes& request)
{
    send(request);
    return reply();
}

uint32_t XClient::atom(std::string_view name) { return number_at<uint32_t>(ask(request_with_name(InternAtom, name)), 8); }

bool XClient::is_shown(Window window)
{
    return ask(request_about(GetWindowAttributes, 0, 2, window))[26] == is_viewable;
}

std::optional<XClient::Window> XClient::window()
{
    auto tree = ask(request_about(QueryTree, 0, 2, m_root));
    for (std::size_t i = 0; i < number_at<uint16_t>(tree, 16); ++i) {
        auto window = number_at<uint32_t>(tree, header_size + i * 4);
        if (is_shown(window))
            return window;
    }
    return std::nullopt;
}

Picture XClient::picture(Window window)
{
    auto geometry = ask(request_about(GetGeometry, 0, 2, window));
    Picture picture { number_at<uint16_t>(geometry, 16), number_at<uint16_t>(geometry, 18), {} };
    auto wanted = request_about(GetImage, 2, 5, window); // 2: all planes of a pixel together
    put(wanted, 12, static_cast<uint16_t>(picture.width));
    put(wanted, 14, static_cast<uint16_t>(picture.height));
    put(wanted, 16, ~uint32_t { 0 });
    auto image = ask(wanted);
    for (std::size_t at = header_size; at + 4 <= image.size(); at += 4)
        picture.pixels.insert(picture.pixels.end(), { image[at + 2], image[at + 1], image[at] });
    return picture;
}

void XClient::resize(Window window, uint16_t width, uint16_t height)
{
    constexpr uint16_t has_width = 4, has_height = 8;
    auto change = request_about(ConfigureWindow, 0, 5, window);
    put<uint16_t>(change, 8, has_width | has_height);
    put(change, 12, uint32_t { width });
    put(change, 16, uint32_t { height });
    send(change);
}

void XClient::give_focus(Window window) { send(request_about(SetInputFocus, 0, 3, window)); }

void XClient::ask_to_close(Window window)
{
    auto protocols = atom("WM_PROTOCOLS"), remove = atom("WM_DELETE_WINDOW");
    auto event = request_about(SendEvent, 0, 11, window);
    event[12] = client_message;
    event[13] = 32; // bits of each datum
    put(event, 16, window);
    put(event, 20, protocols);
    put(event, 24, remove);
    send(event);
}

void XClient::fake(uint8_t type, uint8_t detail, int x, int y)
{
    auto input = request(m_xtest, xtest_fake_input, 9);
    input[4] = type;
    input[5] = detail;
    put(input, 12, m_root);
    put(input, 24, static_cast<int16_t>(x));
    put(input, 26, static_cast<int16_t>(y));
    send(input);
}

void XClient::move_pointer(int x, int y) { fake(MotionNotify, 0, x, y); }

void XClient::click()
{
    fake(ButtonPress, 1);
    fake(ButtonRelease, 1);
}

uint8_t XClient::code_of(KeySymbol key)
{
    auto wanted = request(GetKeyboardMapping, 0, 2);
    auto [least, most] = m_key_codes;
    wanted[4] = least;
    wanted[5] = static_cast<uint8_t>(most - least + 1);
    auto mapping = ask(wanted);
    std::size_t per_code = mapping[1];
    for (std::size_t i = 0; i < wanted[5]; ++i) {
        if (number_at<uint32_t>(mapping, header_size + i * per_code * 4) == static_cast<uint32_t>(key))
            return static_cast<uint8_t>(least + i);
    }
    FAIL("no key of this keyboard has the symbol " << static_cast<uint32_t>(key));
    return 0;
}

void XClient::press(KeySymbol key, std::optional<KeySymbol> held)
{
    if (held)
        fake(KeyPress, code_of(*held));
    fake(KeyPress, code_of(key));
    fake(KeyRelease, code_of(key));
    if (held)
        fake(KeyRelease, code_of(*held));
}

}
