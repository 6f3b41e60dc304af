// A display of its own for tests of the real window: Xvfb, and a client that does to windows what a person and a window
// manager do. The client speaks the X11 protocol itself, the XTEST extension included, so that no library is needed for
// it: what it injects takes the way of real input, through the server.
#pragma once

#include "tests/support/browser.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace ringside::test {

// An X server without a screen, on a number that nobody else uses. Ends with this object.
class VirtualDisplay {
public:
    // Null where Xvfb is not installed or does not start; `reason` says so.
    static std::unique_ptr<VirtualDisplay> start(std::string& reason);
    ~VirtualDisplay();
    VirtualDisplay(const VirtualDisplay&) = delete;
    VirtualDisplay& operator=(const VirtualDisplay&) = delete;

    std::string name() const { return ":" + m_number; } // for DISPLAY
    std::string socket_path() const { return "/tmp/.X11-unix/X" + m_number; }

private:
    VirtualDisplay() = default;

    pid_t m_process = -1;
    std::string m_number;
};

// X11's names for keys, as far as tests press them; those of printable ASCII are the characters.
enum class KeySymbol : uint32_t { F1 = 0xFFBE, Control = 0xFFE3 };

// Fails the test when the server refuses something.
class XClient {
public:
    using Window = uint32_t;

    explicit XClient(const VirtualDisplay& display);
    ~XClient();
    XClient(const XClient&) = delete;
    XClient& operator=(const XClient&) = delete;

    // The window that a program has opened and the server shows, if there is one.
    std::optional<Window> window();
    Picture picture(Window window);
    void resize(Window window, uint16_t width, uint16_t height);
    void give_focus(Window window);
    void ask_to_close(Window window); // WM_DELETE_WINDOW, as a window manager does

    void move_pointer(int x, int y); // on the screen
    void click();
    void press(KeySymbol key, std::optional<KeySymbol> held = std::nullopt);
    void press(char character) { press(static_cast<KeySymbol>(character)); }

private:
    using Bytes = std::vector<uint8_t>;

    void introduce();
    void send(const Bytes& request);
    void receive(std::span<uint8_t> into);
    Bytes reply(); // skips events
    Bytes ask(const Bytes& request);
    uint32_t atom(std::string_view name);
    bool is_shown(Window window);
    uint8_t code_of(KeySymbol key);
    void fake(uint8_t type, uint8_t detail, int x = 0, int y = 0);

    int m_socket = -1;
    Window m_root = 0;
    std::array<uint8_t, 2> m_key_codes {}; // least and most
    uint8_t m_xtest = 0;                   // its opcode
};

}
