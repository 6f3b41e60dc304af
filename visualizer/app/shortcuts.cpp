#include "visualizer/app/shortcuts.hpp"

#include <array>

namespace ringside::visualizer {

namespace {

constexpr Modifiers plain {};
constexpr Modifiers control { .control = true };
constexpr Modifiers shift { .shift = true };

constexpr std::array table {
    Shortcut { Key::F1, plain, Action::Help, "F1", "show or hide this page" },
    Shortcut { Key::Space, plain, Action::PauseOrResume, "Space", "pause the chosen VM, or let it go on" },
    Shortcut { Key::Space, shift, Action::PauseOrResumeAll, "Shift+Space", "the same for all VMs" },
    Shortcut { key_of('R'), plain, Action::Restart, "R", "begin the chosen VM anew" },
    Shortcut { key_of('K'), plain, Action::Kill, "K", "kill the chosen VM's worker: the others go on" },
    Shortcut { key_of('E'), plain, Action::StepExit, "E", "one step: up to the next exit, then pause" },
    Shortcut { key_of('B'), plain, Action::StepBlock, "B", "one step: up to the next block" },
    Shortcut { key_of('N'), plain, Action::StepRing, "N", "one step: up to the next change of ring" },
    Shortcut { Key::Down, plain, Action::NextRun, "Down", "choose the next VM" },
    Shortcut { Key::Up, plain, Action::PreviousRun, "Up", "choose the VM before" },
    Shortcut { key_of('G'), plain, Action::NextGuest, "G", "the next guest, under the same strategies" },
    Shortcut { key_of('G'), shift, Action::PreviousGuest, "Shift+G", "the guest before" },
    Shortcut { key_of('A'), plain, Action::AddGuest, "A", "another guest beside those that run" },
    Shortcut { key_of('A'), shift, Action::TakeGuestAway, "Shift+A", "take the guest away that came last" },
    Shortcut { key_of('X'), plain, Action::NextStrategy, "X", "change the chosen VM's strategy while it runs" },
    Shortcut { key_of('H'), plain, Action::HoldMotion, "H", "hold the slow motion, or let it go on" },
    Shortcut { Key::Right, plain, Action::NextEvent, "Right", "hold it, and go to the next event" },
    Shortcut { Key::Left, plain, Action::PreviousEvent, "Left", "hold it, and go to the event before" },
    Shortcut { key_of('F'), plain, Action::Faster, "F", "slow motion: faster" },
    Shortcut { key_of('S'), plain, Action::Slower, "S", "slow motion: slower" },
    Shortcut { key_of('C'), plain, Action::CompareExits, "C", "exits: beside those of the next VM, or alone" },
    Shortcut { Key::Enter, plain, Action::TypeToGuest, "Enter", "what is typed goes to the guest (Ctrl+] ends that)" },
    Shortcut { key_of('C'), control, Action::CopyText, "Ctrl+C", "copy the open panels as text" },
    Shortcut { Key::Plus, control, Action::LargerText, "Ctrl +", "everything larger" },
    Shortcut { Key::Plus, Modifiers { .control = true, .shift = true }, Action::LargerText, "", "" },
    Shortcut { Key::Minus, control, Action::SmallerText, "Ctrl -", "everything smaller" },
    Shortcut { Key::Digit0, control, Action::NormalText, "Ctrl 0", "100 percent" },
    Shortcut { key_of('P'), plain, Action::Projector, "P", "for a projector: 150 percent, light; again: back" },
    Shortcut { key_of('T'), plain, Action::NextTheme, "T", "dark, light, high contrast" },
    Shortcut { Key::F2, plain, Action::Tour, "F2", "the tour" },
    Shortcut { Key::Escape, plain, Action::Leave, "Esc", "close what was opened last" },
    Shortcut { key_of('Q'), control, Action::Quit, "Ctrl+Q", "quit" },
};

}

std::span<const Shortcut> shortcuts() { return table; }

const Shortcut* shortcut_for(Key key, const Modifiers& modifiers)
{
    for (const auto& shortcut : table) {
        if (shortcut.key == key && shortcut.modifiers == modifiers)
            return &shortcut;
    }
    return nullptr;
}

std::string_view keys_of(Action action)
{
    for (const auto& shortcut : table) {
        if (shortcut.action == action && !shortcut.keys.empty())
            return shortcut.keys;
    }
    return "";
}

}
