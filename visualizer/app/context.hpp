// What a panel gets to draw with, and what it may ask for. Panels change nothing themselves: they leave requests, which the
// application carries out before the next frame.
#pragma once

#include "visualizer/app/fonts.hpp"
#include "visualizer/app/shortcuts.hpp"
#include "visualizer/app/theme.hpp"
#include "visualizer/model/event_store.hpp"

#include <functional>
#include <imgui.h>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::visualizer {

class Laboratory;
class Run;
struct PanelState;

struct Request {
    enum class Kind : uint8_t { Do, ChooseRun, ChooseGuest, ToggleGuest, ToggleStrategy, Pace, ShowPanel, TogglePanel, EndTour, NextHint, RunTo, LookAt, Select };
    Kind kind = Kind::Do;
    Action action = Action::Help; // Do
    std::size_t index = 0;        // ChooseRun, panels; LookAt: an event
    std::string name = {};        // of a guest or strategy
    double value = 0;             // Pace
    EventKind event = EventKind::Count_; // RunTo
    std::optional<TickRange> range {};   // Select
};

// A place on the screen, so that tests find what a person would click on.
struct Place {
    ImVec2 least;
    ImVec2 most;
};

struct Context {
    const Theme& theme;
    const Fonts& fonts;
    float scale = 1; // 1 for 100 percent
    double time = 0; // seconds since the start
    bool typing_to_guest = false;

    PanelState& state;
    std::vector<Request>& requests;
    std::map<std::string, Place, std::less<>>& places;

    void ask(Request request) const { requests.push_back(std::move(request)); }
    void ask(Action action) const { requests.push_back({ .kind = Request::Kind::Do, .action = action }); }
    float px(float at_100_percent) const { return at_100_percent * scale; }
    // Names the item that was drawn last.
    void mark(std::string_view name) const
    {
        places.insert_or_assign(std::string { name }, Place { ImGui::GetItemRectMin(), ImGui::GetItemRectMax() });
    }
};

// What the panels show.
struct Models {
    Laboratory& laboratory;
    std::size_t chosen = 0; // run
    std::optional<std::size_t> beside {}; // another run that its exits are compared with

    Run& run() const;
};

}
