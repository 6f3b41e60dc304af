// What each thing looks like: one table, with a color that color-blind people can tell from the others (after Okabe and
// Ito, 2008), a shape, and a word. Nothing is said by color alone.
#pragma once

#include "core/trace/event.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace ringside::visualizer {

enum class Shape : uint8_t { Disc, Square, Diamond, TriangleUp, TriangleDown, Cross, Ring, Frame, Plus, Bar };

struct Rgb {
    uint8_t red = 0;
    uint8_t green = 0;
    uint8_t blue = 0;
    bool operator==(const Rgb&) const = default;
};

struct Look {
    Rgb on_dark;
    Rgb on_light;
    Shape shape = Shape::Disc;
    std::string_view word;
};

// Exits by what the guest wanted; everything that is no exit is `Other`.
enum class ExitGroup : uint8_t { Device, Fault, Crossing, Interrupt, System, Mapping, Waiting, Hypercall, Host, Other, Count_ };
ExitGroup group_of(EventKind kind);

const Look& look_of(ExitGroup group);
const Look& look_of_ring(unsigned ring); // the guest's rings
const Look& look_of_monitor();           // the monitor, or root mode
const Look& look_of_host();
const Look& look_of_strategy(std::string_view name);

}
