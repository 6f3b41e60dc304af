// The real window, on a display of its own: what comes from the X server, and what it shows.
#include "tests/catch.hpp"
#include "tests/support/processes.hpp"
#include "tests/support/running.hpp"
#include "tests/visualizer/app/view_process.hpp"
#include "visualizer/app/application.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <sys/wait.h>
#include <thread>

using namespace ringside;
using namespace ringside::test;
using namespace ringside::visualizer;
using SteadyClock = std::chrono::steady_clock;

namespace {

// Null where there is none; the test then shows nothing, and says so.
std::unique_ptr<VirtualDisplay> display_or_skip()
{
    std::string reason;
    auto display = VirtualDisplay::start(reason);
    if (!display)
        WARN("skipped: " << reason);
    return display;
}

// The program in a window of this process.
class WindowDriver {
public:
    explicit WindowDriver(const VirtualDisplay& display) : m_client(display)
    {
        setenv("DISPLAY", display.name().c_str(), 1);
        setenv("LIBGL_ALWAYS_SOFTWARE", "1", 1);
        unsetenv("WAYLAND_DISPLAY");
        auto surface = open_window({ 1000, 700 }, "Ringside");
        INFO((surface ? "" : surface.error().message));
        REQUIRE(surface);
        m_surface = std::move(*surface);
        auto laboratory = Laboratory::open(
            { .guests = { "ticks" }, .strategies = { "emulation", "trap" }, .worker_program = program() });
        REQUIRE(laboratory);
        auto application = Application::create(*m_surface, std::move(*laboratory), { { .tour_done = true } });
        REQUIRE(application);
        m_application = std::move(*application);
        REQUIRE(wait_until([&] { return m_client.window().has_value(); }));
        m_window = *m_client.window();
        m_client.give_focus(m_window);
    }

    Application& application() { return *m_application; }
    Surface& surface() { return *m_surface; }
    XClient& client() { return m_client; }
    XClient::Window window() const { return m_window; }
    Picture picture() { return m_client.picture(m_window); }

    bool wait_until(const std::function<bool()>& condition)
    {
        for (int i = 0; i < 400 && !condition(); ++i) {
            InputEvents events;
            m_surface->wait(std::chrono::milliseconds { 25 }, events);
            m_application->frame(0.025, events);
        }
        return condition();
    }

    void click(std::string_view name)
    {
        auto place = m_application->place(name);
        REQUIRE(place);
        m_client.move_pointer(static_cast<int>(place->least.x + place->most.x) / 2,
            static_cast<int>(place->least.y + place->most.y) / 2);
        m_client.click();
    }

    void keep_picture(const std::string& name)
    {
        auto seen = picture();
        CHECK(write_png({ seen.width, seen.height, seen.pixels }, artifact(name)));
    }

private:
    XClient m_client;
    XClient::Window m_window = 0;
    std::unique_ptr<Surface> m_surface;
    std::unique_ptr<Application> m_application;
};

constexpr std::size_t exits_panel = 2, story_panel = 3;
constexpr std::size_t many_colors = 100; // more than an empty window has

// Seconds until the display shows more than an empty window; a minute if it does not.
double seconds_to_first_picture(XClient& client, SteadyClock::time_point begin)
{
    while (SteadyClock::now() - begin < 60s) {
        if (auto window = client.window(); window && client.picture(*window).colors() > many_colors)
            return std::chrono::duration<double>(SteadyClock::now() - begin).count();
        std::this_thread::sleep_for(20ms);
    }
    return 60;
}

// Between two rounds there may be none for a moment.
std::vector<pid_t> workers_of(const ViewProcess& view)
{
    auto workers = view.workers();
    for (int i = 0; i < 100 && workers.empty(); ++i) {
        std::this_thread::sleep_for(50ms);
        workers = view.workers();
    }
    return workers;
}

}

TEST_CASE("the window takes real clicks and keys, is resized, and closes when asked to", "[visualizer][window]")
{
    auto display = display_or_skip();
    if (!display)
        return;
    WindowDriver driver(*display);
    auto& application = driver.application();
    const auto& open = application.screen().panels;
    CHECK(driver.surface().size() == Size { 1000, 700 });
    REQUIRE(driver.wait_until([&] { return driver.picture().colors() > many_colors; }));

    driver.click("tab exits");
    CHECK(driver.wait_until([&] { return open == std::vector { exits_panel }; }));
    driver.client().press('4');
    CHECK(driver.wait_until([&] { return open == std::vector { story_panel }; }));
    driver.client().press(KeySymbol::F1);
    CHECK(driver.wait_until([&] { return application.screen().help; }));
    driver.keep_picture("window-keys.png");
    driver.client().press(KeySymbol::F1);
    driver.client().press(static_cast<KeySymbol>('c'), KeySymbol::Control);
    CHECK(driver.wait_until([&] { return driver.surface().clipboard().find("ticks") != std::string::npos; }));

    auto dark = driver.picture();
    driver.client().press('t');
    REQUIRE(driver.wait_until([&] { return application.theme().name() == ThemeName::Light; }));
    CHECK(driver.wait_until([&] { return driver.picture().pixels.front() > dark.pixels.front() + 100; }));

    driver.client().resize(driver.window(), 640, 400);
    CHECK(driver.wait_until([&] { return driver.surface().size() == Size { 640, 400 }; }));
    CHECK(driver.wait_until([&] { return driver.picture().width == 640 && driver.picture().colors() > many_colors; }));
    driver.keep_picture("window-small.png");

    CHECK_FALSE(application.finished());
    driver.client().ask_to_close(driver.window());
    CHECK(driver.wait_until([&] { return application.finished(); }));
}

TEST_CASE("what is typed in the window goes to the guest when it is meant for it", "[visualizer][window]")
{
    auto display = display_or_skip();
    if (!display)
        return;
    WindowDriver driver(*display);
    driver.client().press('5');
    REQUIRE(driver.wait_until([&] { return driver.application().place("type to guest").has_value(); }));
    driver.click("type to guest");
    REQUIRE(driver.wait_until([&] { return driver.application().typing_to_guest(); }));
    driver.client().press('k'); // which kills the VM otherwise
    driver.client().press(static_cast<KeySymbol>(']'), KeySymbol::Control);
    CHECK(driver.wait_until([&] { return !driver.application().typing_to_guest(); }));
    CHECK_FALSE(driver.application().chosen_run().failed());
}

TEST_CASE("'ringside view' shows guests that run, and remembers its settings when its window is closed", "[visualizer][window]")
{
    auto display = display_or_skip();
    if (!display)
        return;
    Scratch home;
    XClient client(*display);
    auto begin = SteadyClock::now();
    ViewProcess view(*display, home);
    CHECK(seconds_to_first_picture(client, begin) < 20);
    auto window = client.window();
    REQUIRE(window);
    auto first = client.picture(*window).pixels;
    bool has_moved = false;
    for (int i = 0; i < 100 && !has_moved; ++i) {
        std::this_thread::sleep_for(50ms);
        has_moved = client.picture(*window).pixels != first;
    }
    CHECK(has_moved);
    auto workers = workers_of(view);
    CHECK_FALSE(workers.empty());
    client.ask_to_close(*window);
    CHECK(view.wait() == 0);
    CHECK(std::ranges::none_of(workers, is_running));
    CHECK(std::filesystem::exists(home.path("config/ringside/visualizer.toml")));
}

TEST_CASE("'ringside view' ends in order by a signal, and no guest is left", "[visualizer][window]")
{
    auto display = display_or_skip();
    if (!display)
        return;
    int signal = GENERATE(SIGINT, SIGTERM);
    Scratch home;
    XClient client(*display);
    ViewProcess view(*display, home, { "ticks", "--strategies", "emulation" });
    REQUIRE(seconds_to_first_picture(client, SteadyClock::now()) < 20);
    auto workers = workers_of(view);
    REQUIRE_FALSE(workers.empty());
    kill(view.process(), signal);
    int status = view.wait();
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == signal);
    CHECK(std::ranges::none_of(workers, is_running));
    CHECK(std::filesystem::exists(home.path("config/ringside/visualizer.toml")));
}

TEST_CASE("without a display 'ringside view' says so in one line, and names what shows the same as text", "[visualizer][window]")
{
    auto [arguments, twin] = GENERATE(std::pair { std::vector<std::string> { "view" }, "ringside demo" },
        std::pair { std::vector<std::string> { "view", "hello" }, "ringside compare hello" },
        std::pair { std::vector<std::string> { "view", "--trace", "a.rst" }, "ringside trace a.rst" });
    auto end = invoke({ arguments, {}, { { "DISPLAY", "" }, { "WAYLAND_DISPLAY", "" } }, {} });
    INFO(end.errors);
    CHECK(end.status == 69);
    CHECK(end.output.empty());
    CHECK(lines_of(end.errors) == 1);
    CHECK(end.errors.find("no display") != std::string::npos);
    CHECK(end.errors.find(twin) != std::string::npos);
}

TEST_CASE("a display that has no OpenGL 3, or is not there, is told apart from none", "[visualizer][window]")
{
    auto display = display_or_skip();
    if (!display)
        return;
    auto old = invoke({ { "view" }, {}, { { "DISPLAY", display->name() }, { "WAYLAND_DISPLAY", "" },
                                          { "LIBGL_ALWAYS_SOFTWARE", "1" }, { "MESA_GL_VERSION_OVERRIDE", "2.1" } }, {} });
    INFO(old.errors);
    CHECK(old.status == 69);
    CHECK(lines_of(old.errors) == 1);
    CHECK(old.errors.find("OpenGL 3") != std::string::npos);
    CHECK(old.errors.find("ringside demo") != std::string::npos);
    auto absent = invoke({ { "view" }, {}, { { "DISPLAY", ":9999" }, { "WAYLAND_DISPLAY", "" } }, {} });
    INFO(absent.errors);
    CHECK(absent.status == 69);
    CHECK(lines_of(absent.errors) == 1);
    CHECK(absent.errors.find("display cannot be used") != std::string::npos);
}

// Timed, so not one of the everyday tests: docs/PROMISES.md.
TEST_CASE("something is on the screen within two seconds of the start", "[.cost]")
{
    auto display = display_or_skip();
    if (!display)
        return;
    Scratch home;
    XClient client(*display);
    auto begin = SteadyClock::now();
    ViewProcess view(*display, home);
    auto seconds = seconds_to_first_picture(client, begin);
    INFO("seconds: " << seconds);
    CHECK(seconds < 2);
}
