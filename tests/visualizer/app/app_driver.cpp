#include "tests/visualizer/app/app_driver.hpp"

#include "tests/catch.hpp"
#include "tests/support/browser.hpp"
#include "tests/support/running.hpp"

#include <set>

namespace ringside::test {

using namespace visualizer;

namespace {

constexpr double frame_time = 0.025;

}

AppDriver::AppDriver(DriverOptions options)
{
    options.laboratory.worker_program = program();
    auto surface = open_offscreen(options.size);
    if (!surface)
        FAIL(surface.error().message);
    m_surface = std::move(*surface);
    auto laboratory = Laboratory::open(options.laboratory);
    if (!laboratory)
        FAIL(laboratory.error().message);
    auto application = Application::create(*m_surface, std::move(*laboratory), options.settings);
    if (!application)
        FAIL(application.error().message);
    m_application = std::move(*application);
    frames(2);
}

void AppDriver::frames(int count)
{
    for (int i = 0; i < count; ++i) {
        InputEvents events;
        m_surface->wait(std::chrono::milliseconds { 25 }, events);
        m_application->frame(frame_time, events);
    }
}

bool AppDriver::wait_until(const std::function<bool()>& condition)
{
    for (int i = 0; i < 400 && !condition(); ++i)
        frames(1);
    return condition();
}

void AppDriver::press(Key key, Modifiers modifiers)
{
    for (bool down : { true, false })
        m_surface->inject({ .kind = InputEvent::Kind::Key, .key = key, .down = down, .modifiers = modifiers });
    frames(3);
}

void AppDriver::write(std::string_view text)
{
    for (char c : text)
        m_surface->inject({ .kind = InputEvent::Kind::Character, .character = static_cast<char32_t>(c) });
    frames(2);
}

void AppDriver::click(std::string_view name, Modifiers modifiers)
{
    auto place = m_application->place(name);
    INFO("on the screen: " << name);
    REQUIRE(place);
    float x = (place->least.x + place->most.x) / 2, y = (place->least.y + place->most.y) / 2;
    m_surface->inject({ .kind = InputEvent::Kind::MouseMove, .x = x, .y = y });
    frames(1);
    for (bool down : { true, false })
        m_surface->inject({ .kind = InputEvent::Kind::MouseButton, .down = down, .modifiers = modifiers });
    frames(4);
}

void AppDriver::drag(float from_x, float from_y, float to_x, float to_y, Modifiers modifiers)
{
    auto move = [&](float x, float y) {
        m_surface->inject({ .kind = InputEvent::Kind::MouseMove, .x = x, .y = y });
        frames(2);
    };
    auto button = [&](bool down) {
        m_surface->inject({ .kind = InputEvent::Kind::MouseButton, .down = down, .modifiers = modifiers });
        frames(2);
    };
    move(from_x, from_y);
    button(true);
    move((from_x + to_x) / 2, (from_y + to_y) / 2);
    move(to_x, to_y);
    button(false);
    frames(2);
}

std::size_t AppDriver::colors()
{
    auto image = m_surface->read_pixels();
    std::set<uint32_t> seen;
    for (std::size_t i = 0; i + 2 < image.pixels.size(); i += 3)
        seen.insert(uint32_t { image.pixels[i] } << 16 | uint32_t { image.pixels[i + 1] } << 8 | image.pixels[i + 2]);
    return seen.size();
}

void AppDriver::keep_picture(const std::string& name)
{
    auto written = write_png(m_surface->read_pixels(), artifact(name));
    CHECK(written);
}

}
