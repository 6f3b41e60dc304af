// The window. Its context is OpenGL 3.2 core without multisampling: software renderers show blank windows with it.
#include "visualizer/app/pixels.hpp"
#include "visualizer/app/surface.hpp"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <array>
#include <cstdlib>
#include <fmt/format.h>

namespace ringside::visualizer {

namespace {

struct KeyName {
    int glfw;
    Key key;
};
constexpr std::array key_names {
    KeyName { GLFW_KEY_EQUAL, Key::Plus }, KeyName { GLFW_KEY_KP_ADD, Key::Plus },
    KeyName { GLFW_KEY_MINUS, Key::Minus }, KeyName { GLFW_KEY_KP_SUBTRACT, Key::Minus },
    KeyName { GLFW_KEY_KP_0, Key::Digit0 }, KeyName { GLFW_KEY_ENTER, Key::Enter },
    KeyName { GLFW_KEY_KP_ENTER, Key::Enter }, KeyName { GLFW_KEY_ESCAPE, Key::Escape },
    KeyName { GLFW_KEY_TAB, Key::Tab }, KeyName { GLFW_KEY_BACKSPACE, Key::Backspace },
    KeyName { GLFW_KEY_DELETE, Key::Delete }, KeyName { GLFW_KEY_INSERT, Key::Insert },
    KeyName { GLFW_KEY_LEFT, Key::Left }, KeyName { GLFW_KEY_RIGHT, Key::Right }, KeyName { GLFW_KEY_UP, Key::Up },
    KeyName { GLFW_KEY_DOWN, Key::Down }, KeyName { GLFW_KEY_HOME, Key::Home }, KeyName { GLFW_KEY_END, Key::End },
    KeyName { GLFW_KEY_PAGE_UP, Key::PageUp }, KeyName { GLFW_KEY_PAGE_DOWN, Key::PageDown },
    KeyName { GLFW_KEY_RIGHT_BRACKET, Key::BracketRight }, KeyName { GLFW_KEY_SPACE, Key::Space },
};

Key key_from(int glfw)
{
    if ((glfw >= GLFW_KEY_A && glfw <= GLFW_KEY_Z) || (glfw >= GLFW_KEY_0 && glfw <= GLFW_KEY_9))
        return static_cast<Key>(glfw); // both are ASCII
    if (glfw >= GLFW_KEY_F1 && glfw <= GLFW_KEY_F12)
        return static_cast<Key>(static_cast<int>(Key::F1) + glfw - GLFW_KEY_F1);
    for (const auto& name : key_names) {
        if (name.glfw == glfw)
            return name.key;
    }
    return Key::None;
}

Modifiers modifiers_from(int bits)
{
    return { (bits & GLFW_MOD_CONTROL) != 0, (bits & GLFW_MOD_SHIFT) != 0, (bits & GLFW_MOD_ALT) != 0 };
}

class GlfwSurface final : public Surface {
public:
    explicit GlfwSurface(GLFWwindow* window) : m_window(window) { listen(); }
    ~GlfwSurface() override
    {
        glfwDestroyWindow(m_window);
        glfwTerminate();
    }

    Size size() const override
    {
        Size size;
        glfwGetFramebufferSize(m_window, &size.width, &size.height);
        return size;
    }

    float desktop_scale() const override
    {
        float x = 1, y = 1;
        glfwGetWindowContentScale(m_window, &x, &y);
        return x;
    }

    void wait(std::chrono::milliseconds timeout, InputEvents& events) override
    {
        if (timeout.count() > 0)
            glfwWaitEventsTimeout(std::chrono::duration<double>(timeout).count());
        else
            glfwPollEvents();
        events.insert(events.end(), m_events.begin(), m_events.end());
        m_events.clear();
    }

    void present() override { glfwSwapBuffers(m_window); }
    Image read_pixels() override { return read_framebuffer(size(), &glfwGetProcAddress); }
    std::string clipboard() override
    {
        const char* text = glfwGetClipboardString(m_window);
        return text ? text : "";
    }
    void set_clipboard(const std::string& text) override { glfwSetClipboardString(m_window, text.c_str()); }

private:
    static GlfwSurface& of(GLFWwindow* window) { return *static_cast<GlfwSurface*>(glfwGetWindowUserPointer(window)); }
    void add(const InputEvent& event) { m_events.push_back(event); }

    void listen()
    {
        using Kind = InputEvent::Kind;
        glfwSetWindowUserPointer(m_window, this);
        glfwSetKeyCallback(m_window, [](GLFWwindow* window, int key, int, int action, int modifiers) {
            of(window).add({ .kind = Kind::Key, .key = key_from(key), .down = action != GLFW_RELEASE,
                .modifiers = modifiers_from(modifiers) });
        });
        glfwSetCharCallback(m_window, [](GLFWwindow* window, unsigned character) {
            of(window).add({ .kind = Kind::Character, .character = character });
        });
        glfwSetMouseButtonCallback(m_window, [](GLFWwindow* window, int button, int action, int modifiers) {
            if (button < 3)
                of(window).add({ .kind = Kind::MouseButton, .down = action == GLFW_PRESS,
                    .modifiers = modifiers_from(modifiers), .button = static_cast<uint8_t>(button) });
        });
        glfwSetScrollCallback(m_window, [](GLFWwindow* window, double x, double y) {
            of(window).add({ .kind = Kind::Wheel, .x = static_cast<float>(x), .y = static_cast<float>(y) });
        });
        glfwSetCursorPosCallback(m_window, [](GLFWwindow* window, double x, double y) { of(window).move(x, y); });
        glfwSetWindowFocusCallback(m_window, [](GLFWwindow* window, int focused) {
            of(window).add({ .kind = Kind::Focus, .down = focused != 0 });
        });
        glfwSetWindowCloseCallback(m_window, [](GLFWwindow* window) { of(window).add({ .kind = Kind::Close }); });
    }

    // The pointer comes in the window's coordinates, which on some desktops are not pixels.
    void move(double x, double y)
    {
        int width = 0, height = 0;
        glfwGetWindowSize(m_window, &width, &height);
        auto pixels = size();
        double ratio = width > 0 ? static_cast<double>(pixels.width) / width : 1.0;
        add({ .kind = InputEvent::Kind::MouseMove, .x = static_cast<float>(x * ratio), .y = static_cast<float>(y * ratio) });
    }

    GLFWwindow* m_window;
    InputEvents m_events;
};

bool has_display()
{
    auto is_set = [](const char* name) {
        const char* value = std::getenv(name);
        return value && *value;
    };
    return is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
}

std::string glfw_reason()
{
    const char* text = nullptr;
    glfwGetError(&text);
    return text ? text : "no reason given";
}

GLFWwindow* create_window(Size size, const std::string& title)
{
    glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
    glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 2);
    glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
    glfwWindowHint(GLFW_OPENGL_FORWARD_COMPAT, GLFW_TRUE);
    glfwWindowHint(GLFW_SAMPLES, 0);
    return glfwCreateWindow(size.width, size.height, title.c_str(), nullptr, nullptr);
}

}

Result<std::unique_ptr<Surface>> open_window(Size size, const std::string& title)
{
    if (!has_display())
        return fail(ExitCode::Unavailable, "there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)");
    if (!glfwInit())
        return fail(ExitCode::Unavailable, fmt::format("the display cannot be used: {}", glfw_reason()));
    auto* window = create_window(size, title);
    if (!window) {
        auto reason = glfw_reason();
        glfwTerminate();
        return fail(ExitCode::Unavailable, fmt::format("there is no OpenGL 3.2: {}", reason));
    }
    glfwMakeContextCurrent(window);
    glfwSwapInterval(1);
    return std::unique_ptr<Surface> { new GlfwSurface(window) };
}

}
