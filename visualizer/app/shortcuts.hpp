// Every key that the program knows: one table, which the keyboard, the F1 page and the tests read.
#pragma once

#include "visualizer/app/input.hpp"

#include <span>
#include <string>
#include <string_view>

namespace ringside::visualizer {

enum class Action : uint8_t {
    Help,
    PauseOrResume,
    PauseOrResumeAll,
    Restart,
    Kill,
    StepExit,
    StepBlock,
    StepRing,
    NextRun,
    PreviousRun,
    HoldMotion,
    NextEvent,
    PreviousEvent,
    Faster,
    Slower,
    NextGuest,
    PreviousGuest,
    AddGuest,
    TakeGuestAway,
    NextStrategy,
    CompareExits,
    TypeToGuest,
    CopyText,
    LargerText,
    SmallerText,
    NormalText,
    NextTheme,
    Projector,
    Tour,
    Quit,
    Leave, // what was opened last
};

struct Shortcut {
    Key key;
    Modifiers modifiers;
    Action action;
    std::string_view keys; // as people write it
    std::string_view words;
};

std::span<const Shortcut> shortcuts();
const Shortcut* shortcut_for(Key key, const Modifiers& modifiers);
std::string_view keys_of(Action action);

}
