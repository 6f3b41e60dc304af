// The panels: one table, which the tabs, the keys, the settings and the tests read. Each panel is a file of its own.
#pragma once

#include "visualizer/app/context.hpp"

#include <span>
#include <string>
#include <string_view>

namespace ringside::visualizer {

void draw_comparison(const Context& context, const Models& models);
void draw_rings(const Context& context, const Models& models);
void draw_exits(const Context& context, const Models& models);
void draw_story(const Context& context, const Models& models);
void draw_console(const Context& context, const Models& models);
void draw_timeline(const Context& context, const Models& models);
void draw_code(const Context& context, const Models& models);
void draw_cpu(const Context& context, const Models& models);
void draw_devices(const Context& context, const Models& models);
void draw_network(const Context& context, const Models& models);

// The same as text, for the clipboard and for screen readers.
std::string comparison_as_text(const Models& models);
std::string rings_as_text(const Models& models);
std::string exits_as_text(const Models& models);
std::string story_as_text(const Models& models);
std::string console_as_text(const Models& models);
std::string timeline_as_text(const Models& models);
std::string code_as_text(const Models& models);
std::string cpu_as_text(const Models& models);
std::string devices_as_text(const Models& models);
std::string network_as_text(const Models& models);

struct Panel {
    std::string_view name; // in settings
    std::string_view title;
    std::string_view question; // that it answers
    void (*draw)(const Context&, const Models&);
    std::string (*as_text)(const Models&);
    bool needs_snapshot = false; // of the guest between two instructions
    bool of_all = false;         // about all VMs, not the chosen one
};

// The n-th one is opened by the key n, from 1 on, the tenth by 0.
std::span<const Panel> all_panels();

}
