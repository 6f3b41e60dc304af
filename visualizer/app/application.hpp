// The program behind the surface: takes input, keeps what is open, carries out requests, draws frames.
#pragma once

#include "visualizer/app/laboratory.hpp"
#include "visualizer/app/panel_state.hpp"
#include "visualizer/app/settings.hpp"
#include "visualizer/app/surface.hpp"
#include "visualizer/app/user_interface.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

struct ImGuiContext;

namespace ringside::visualizer {

class Application {
public:
    // The surface outlives the application. Unavailable: its OpenGL cannot be used.
    static Result<std::unique_ptr<Application>> create(
        Surface& surface, std::unique_ptr<Laboratory> laboratory, const LoadedSettings& settings);
    ~Application();
    Application(const Application&) = delete;
    Application& operator=(const Application&) = delete;

    static constexpr std::chrono::milliseconds frame_time { 25 }; // while something moves: 40 frames a second

    // Frames until it is to end, or `wanted_to_end` says so; sleeps while nothing moves.
    void run(const std::function<bool()>& wanted_to_end);
    // One frame with what has come, `seconds` after the one before.
    void frame(double seconds, const InputEvents& events);
    // True while guests run or slow motion plays.
    bool moves() const;
    bool finished() const { return m_finished; }

    Laboratory& laboratory() { return *m_laboratory; }
    Run& chosen_run() { return *m_laboratory->runs()[m_chosen]; }
    std::size_t chosen() const { return m_chosen; }
    const Screen& screen() const { return m_screen; }
    bool typing_to_guest() const { return m_typing_to_guest; }
    // As they are to be remembered.
    Settings settings() const;
    const Theme& theme() const { return m_theme; }
    // Where on the screen a control is, if it is drawn.
    std::optional<Place> place(std::string_view name) const;

private:
    Application(Surface& surface, std::unique_ptr<Laboratory> laboratory, const LoadedSettings& settings);
    void open_panels(const std::vector<std::string>& names);

    void want_snapshots();
    void take_input(const InputEvents& events);
    bool take_key(const InputEvent& event); // true if nobody else is to see it
    bool take_digit(const InputEvent& event);
    void type(const InputEvent& event);
    void carry_out_requests();
    void carry_out(const Request& request);
    void carry_out(Action action);
    void choose_guest(int direction);
    void choose_run(std::size_t index);
    void begin_again(const std::string& problem);
    void rearrange(const std::function<std::string()>& change);
    void add_guest();
    void take_guest_away();
    void show_panel(std::size_t index);
    void toggle_panel(std::size_t index);
    void hold_motion(bool hold);
    void step_motion(int direction);
    void set_pace(double seconds);
    void next_strategy();
    void compare_exits();
    void say(const std::string& problem) { m_screen.message = problem; }
    void pause_or_resume(Run& run);
    void pause_or_resume_all();
    void leave();
    void copy_text();

    void set_scale(int percent);
    void set_theme(ThemeName name);
    void projector();
    void apply_appearance();
    float effective_scale() const;

    void draw(double seconds);
    void draw_screen(const Context& context, const Models& models);

    Surface& m_surface;
    std::unique_ptr<Laboratory> m_laboratory;
    Settings m_settings;
    std::optional<Settings> m_before_projector;
    Theme m_theme;
    Fonts m_fonts;
    ImGuiContext* m_imgui = nullptr;
    bool m_graphics = false;
    bool m_appearance_changed = true;

    Screen m_screen;
    std::size_t m_chosen = 0;
    bool m_typing_to_guest = false;
    bool m_finished = false;
    double m_time = 0;
    InputEvents m_waiting; // input that later frames will see
    PanelState m_panel_state;
    std::vector<Request> m_requests;
    std::map<std::string, Place, std::less<>> m_places;
};

}
