// The place of the network's views.
#include "visualizer/app/draw.hpp"
#include "visualizer/panels/panels.hpp"

namespace ringside::visualizer {

namespace {

constexpr std::string_view words = "The guests have no network card yet, so there is no packet to follow.\n"
                                   "The paths of packets through a NAT network, MacVTap and a bridge will be shown here.\n";

}

void draw_network(const Context& context, const Models&)
{
    ImGui::PushTextWrapPos(0);
    dim_text(context, "{}", words);
    ImGui::PopTextWrapPos();
}

std::string network_as_text(const Models&) { return std::string { words }; }

}
