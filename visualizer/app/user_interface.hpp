// What is on the screen besides the panels. Each is a function that draws and leaves requests.
#pragma once

#include "visualizer/app/context.hpp"
#include "visualizer/app/settings.hpp"

#include <string>
#include <vector>

namespace ringside::visualizer {

// What is open, and what is said.
struct Screen {
    std::vector<std::size_t> panels { 0 }; // indices into all_panels(), in the order of opening
    bool help = false;
    bool tour = false;
    std::size_t hint = 0;
    std::string message; // the last line of the window
};

// True where everything but the panels has to make do with little: a small window, or large letters.
bool is_cramped(const Context& context);
void draw_toolbar(const Context& context, const Models& models, const Screen& screen);
void draw_run_list(const Context& context, const Models& models);
void draw_panel_grid(const Context& context, const Models& models, const Screen& screen);
void draw_status_line(const Context& context, const Models& models, const Screen& screen);
void draw_help_page(const Context& context);
void draw_tour(const Context& context, const Screen& screen);

}
