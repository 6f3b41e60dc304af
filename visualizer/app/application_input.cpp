// What keys and buttons do.
#include "visualizer/app/application.hpp"

#include "visualizer/app/imgui_input.hpp"
#include "visualizer/app/tour.hpp"
#include "visualizer/panels/panels.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <imgui.h>

namespace ringside::visualizer {

namespace {

constexpr std::size_t most_waiting = 256; // events; what comes faster than frames is not worth keeping

std::string utf8(char32_t character)
{
    // The guest's serial console takes bytes; what is not ASCII goes to it as UTF-8.
    std::string text;
    auto add = [&](unsigned byte) { text.push_back(static_cast<char>(byte)); };
    if (character < 0x80) {
        add(character);
    } else if (character < 0x800) {
        add(0xC0 | (character >> 6));
        add(0x80 | (character & 0x3F));
    } else if (character < 0x10000) {
        add(0xE0 | (character >> 12));
        add(0x80 | ((character >> 6) & 0x3F));
        add(0x80 | (character & 0x3F));
    }
    return text;
}

}

void Application::take_input(const InputEvents& events)
{
    for (const auto& event : events) {
        if (event.kind == InputEvent::Kind::Close)
            m_finished = true;
        else if (event.kind == InputEvent::Kind::Key && event.down && take_key(event))
            continue;
        else if (event.kind == InputEvent::Kind::Character && m_typing_to_guest)
            type(event);
        else if (m_waiting.size() < most_waiting)
            m_waiting.push_back(event);
    }
    auto taken = feed_imgui(m_waiting);
    m_waiting.erase(m_waiting.begin(), m_waiting.begin() + static_cast<std::ptrdiff_t>(taken));
}

bool Application::take_key(const InputEvent& event)
{
    if (event.key == Key::None)
        return true;
    if (m_typing_to_guest && event.key == Key::BracketRight && event.modifiers.control) {
        m_typing_to_guest = false;
        return true;
    }
    bool is_function_key = event.key >= Key::F1 && event.key <= Key::F12;
    if (m_typing_to_guest && !is_function_key && !(event.modifiers.control && event.key == key_of('Q'))) {
        type(event);
        return true;
    }
    if (take_digit(event))
        return true;
    // An open menu or a control that is being changed has the keys, those with Control and the function keys excepted.
    bool is_busy = ImGui::IsAnyItemActive() || ImGui::IsPopupOpen("", ImGuiPopupFlags_AnyPopupId | ImGuiPopupFlags_AnyPopupLevel);
    if (is_busy && !event.modifiers.control && !is_function_key)
        return false;
    const auto* shortcut = shortcut_for(event.key, event.modifiers);
    if (!shortcut)
        return false;
    m_requests.push_back({ .kind = Request::Kind::Do, .action = shortcut->action });
    return true;
}

bool Application::take_digit(const InputEvent& event)
{
    if (event.key < Key::Digit0 || event.key > Key::Digit9 || event.modifiers.control || event.modifiers.alt)
        return false;
    auto digit = static_cast<std::size_t>(event.key) - '0';
    auto index = (digit + 9) % 10; // 0 stands behind 9
    if (index < all_panels().size())
        m_requests.push_back({ .kind = event.modifiers.shift ? Request::Kind::TogglePanel : Request::Kind::ShowPanel, .index = index });
    return true;
}

void Application::type(const InputEvent& event)
{
    if (event.kind == InputEvent::Kind::Character)
        return say(chosen_run().type(utf8(event.character)));
    switch (event.key) {
    case Key::Enter: return say(chosen_run().type("\r"));
    case Key::Backspace: return say(chosen_run().type("\b"));
    case Key::Tab: return say(chosen_run().type("\t"));
    case Key::Escape: return say(chosen_run().type("\x1B"));
    case Key::Up: return say(chosen_run().type("\x1B[A"));
    case Key::Down: return say(chosen_run().type("\x1B[B"));
    case Key::Right: return say(chosen_run().type("\x1B[C"));
    case Key::Left: return say(chosen_run().type("\x1B[D"));
    default: break;
    }
    if (event.modifiers.control && event.key >= Key::A && event.key <= Key::Z) {
        char control = static_cast<char>(static_cast<int>(event.key) - '@');
        say(chosen_run().type({ &control, 1 }));
    }
}

void Application::carry_out_requests()
{
    auto requests = std::move(m_requests);
    m_requests.clear();
    if (!requests.empty())
        m_screen.message.clear();
    for (const auto& request : requests)
        carry_out(request);
}

void Application::carry_out(const Request& request)
{
    switch (request.kind) {
    case Request::Kind::Do: return carry_out(request.action);
    case Request::Kind::ChooseRun: return choose_run(request.index);
    case Request::Kind::ChooseGuest: return begin_again(m_laboratory->choose_guest(request.name));
    case Request::Kind::ToggleGuest: return rearrange([&] { return m_laboratory->toggle_guest(request.name); });
    case Request::Kind::ToggleStrategy: return rearrange([&] { return m_laboratory->toggle_strategy(request.name); });
    case Request::Kind::Pace: return set_pace(request.value);
    case Request::Kind::ShowPanel: return show_panel(request.index);
    case Request::Kind::TogglePanel: return toggle_panel(request.index);
    case Request::Kind::RunTo: return say(chosen_run().run_to(request.event));
    case Request::Kind::LookAt: return chosen_run().look_at(request.index);
    case Request::Kind::Select: return chosen_run().select(request.range);
    case Request::Kind::NextHint: m_screen.hint = std::min(m_screen.hint + 1, tour_hints.size() - 1); return;
    case Request::Kind::EndTour:
        m_screen.tour = false;
        m_settings.tour_done = true;
        return;
    }
}

void Application::carry_out(Action action)
{
    auto& run = chosen_run();
    auto count = m_laboratory->runs().size();
    switch (action) {
    case Action::Help: m_screen.help = !m_screen.help; return;
    case Action::PauseOrResume: return pause_or_resume(run);
    case Action::PauseOrResumeAll: return pause_or_resume_all();
    case Action::Restart: return say(run.restart());
    case Action::Kill: return say(run.kill());
    case Action::StepExit: return say(run.step(StepKind::Exit));
    case Action::StepBlock: return say(run.step(StepKind::Block));
    case Action::StepRing: return say(run.step(StepKind::RingChange));
    case Action::NextRun: return choose_run((m_chosen + 1) % count);
    case Action::PreviousRun: return choose_run((m_chosen + count - 1) % count);
    case Action::HoldMotion: return hold_motion(!run.playback().held());
    case Action::NextEvent: return step_motion(1);
    case Action::PreviousEvent: return step_motion(-1);
    case Action::Faster: return set_pace(run.playback().pace() / 1.5);
    case Action::Slower: return set_pace(run.playback().pace() * 1.5);
    case Action::NextGuest: return choose_guest(1);
    case Action::PreviousGuest: return choose_guest(-1);
    case Action::AddGuest: return add_guest();
    case Action::TakeGuestAway: return take_guest_away();
    case Action::NextStrategy: return next_strategy();
    case Action::CompareExits: return compare_exits();
    case Action::TypeToGuest:
        m_typing_to_guest = !m_typing_to_guest && !run.is_file();
        return;
    case Action::CopyText: return copy_text();
    case Action::LargerText: return set_scale(next_scale(m_settings.scale, 1));
    case Action::SmallerText: return set_scale(next_scale(m_settings.scale, -1));
    case Action::NormalText: return set_scale(100);
    case Action::NextTheme: return set_theme(next_theme(m_settings.theme));
    case Action::Projector: return projector();
    case Action::Tour:
        m_screen.tour = !m_screen.tour;
        m_screen.hint = 0;
        return;
    case Action::Quit: m_finished = true; return;
    case Action::Leave: return leave();
    }
}

void Application::show_panel(std::size_t index)
{
    if (index < all_panels().size())
        m_screen.panels = { index };
}

void Application::toggle_panel(std::size_t index)
{
    auto& open = m_screen.panels;
    if (index >= all_panels().size())
        return;
    if (auto found = std::ranges::find(open, index); found == open.end())
        open.push_back(index);
    else if (open.size() > 1)
        open.erase(found);
}

void Application::hold_motion(bool hold)
{
    for (const auto& run : m_laboratory->runs())
        run->playback().set_held(hold);
}

void Application::step_motion(int direction)
{
    hold_motion(true);
    chosen_run().step_playback(direction);
}

void Application::set_pace(double seconds)
{
    for (const auto& run : m_laboratory->runs())
        run->playback().set_pace(seconds);
}

void Application::pause_or_resume(Run& run)
{
    if (run.state() == Run::State::Running || run.is_between_rounds())
        say(run.pause());
    else
        say(run.resume());
}

void Application::pause_or_resume_all()
{
    const auto& runs = m_laboratory->runs();
    bool any_runs = std::ranges::any_of(runs,
        [](const auto& run) { return run->state() == Run::State::Running || run->is_between_rounds(); });
    for (const auto& run : runs) {
        if (any_runs)
            run->pause();
        else
            run->resume();
    }
}

void Application::leave()
{
    if (m_screen.help)
        m_screen.help = false;
    else if (m_screen.tour)
        carry_out(Request { .kind = Request::Kind::EndTour });
    else if (m_screen.panels.size() > 1)
        m_screen.panels.pop_back();
}

void Application::copy_text()
{
    std::string text;
    Models models { *m_laboratory, m_chosen, m_panel_state.exits.beside };
    for (auto index : m_screen.panels)
        text += (text.empty() ? "" : "\n") + all_panels()[index].as_text(models);
    m_surface.set_clipboard(text);
    m_screen.message = fmt::format("copied {} bytes of text", text.size());
}

void Application::set_scale(int percent)
{
    m_settings.scale = percent;
    m_appearance_changed = true;
    m_screen.message = fmt::format("{} percent", percent);
}

void Application::set_theme(ThemeName name)
{
    m_settings.theme = name;
    m_appearance_changed = true;
    m_screen.message = fmt::format("theme: {}", theme_word(name));
}

void Application::projector()
{
    if (m_before_projector) {
        m_settings.scale = m_before_projector->scale;
        m_settings.theme = m_before_projector->theme;
        m_before_projector.reset();
    } else {
        m_before_projector = m_settings;
        m_settings.scale = projector_scale;
        m_settings.theme = ThemeName::Light;
    }
    m_appearance_changed = true;
    m_screen.message = m_before_projector ? "for a projector: P goes back" : "";
}

}
