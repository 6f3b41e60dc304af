#include "visualizer/app/imgui_input.hpp"

#include <algorithm>
#include <array>
#include <imgui.h>

namespace ringside::visualizer {

namespace {

struct KeyMeaning {
    Key key;
    ImGuiKey imgui;
};
constexpr std::array meanings {
    KeyMeaning { Key::Tab, ImGuiKey_Tab }, KeyMeaning { Key::Left, ImGuiKey_LeftArrow },
    KeyMeaning { Key::Right, ImGuiKey_RightArrow }, KeyMeaning { Key::Up, ImGuiKey_UpArrow },
    KeyMeaning { Key::Down, ImGuiKey_DownArrow }, KeyMeaning { Key::PageUp, ImGuiKey_PageUp },
    KeyMeaning { Key::PageDown, ImGuiKey_PageDown }, KeyMeaning { Key::Home, ImGuiKey_Home },
    KeyMeaning { Key::End, ImGuiKey_End }, KeyMeaning { Key::Insert, ImGuiKey_Insert },
    KeyMeaning { Key::Delete, ImGuiKey_Delete }, KeyMeaning { Key::Backspace, ImGuiKey_Backspace },
    KeyMeaning { Key::Space, ImGuiKey_Space }, KeyMeaning { Key::Enter, ImGuiKey_Enter },
    KeyMeaning { Key::Escape, ImGuiKey_Escape }, KeyMeaning { key_of('A'), ImGuiKey_A },
    KeyMeaning { key_of('C'), ImGuiKey_C }, KeyMeaning { key_of('V'), ImGuiKey_V },
    KeyMeaning { key_of('X'), ImGuiKey_X }, KeyMeaning { key_of('Y'), ImGuiKey_Y },
    KeyMeaning { key_of('Z'), ImGuiKey_Z },
};

#if IMGUI_VERSION_NUM >= 18700

void set_modifiers(ImGuiIO& io, const Modifiers& modifiers)
{
#if IMGUI_VERSION_NUM >= 18971
    io.AddKeyEvent(ImGuiMod_Ctrl, modifiers.control);
    io.AddKeyEvent(ImGuiMod_Shift, modifiers.shift);
    io.AddKeyEvent(ImGuiMod_Alt, modifiers.alt);
#else
    io.AddKeyEvent(ImGuiKey_ModCtrl, modifiers.control);
    io.AddKeyEvent(ImGuiKey_ModShift, modifiers.shift);
    io.AddKeyEvent(ImGuiKey_ModAlt, modifiers.alt);
#endif
}

void feed(ImGuiIO& io, const InputEvent& event)
{
    switch (event.kind) {
    case InputEvent::Kind::Key:
        set_modifiers(io, event.modifiers);
        for (const auto& meaning : meanings) {
            if (meaning.key == event.key)
                io.AddKeyEvent(meaning.imgui, event.down);
        }
        return;
    case InputEvent::Kind::Character: return io.AddInputCharacter(event.character);
    case InputEvent::Kind::MouseMove: return io.AddMousePosEvent(event.x, event.y);
    case InputEvent::Kind::MouseButton:
        set_modifiers(io, event.modifiers);
        return io.AddMouseButtonEvent(event.button, event.down);
    case InputEvent::Kind::Wheel: return io.AddMouseWheelEvent(event.x, event.y);
    case InputEvent::Kind::Focus: return io.AddFocusEvent(event.down);
    case InputEvent::Kind::Close: return;
    }
}

#else

void feed(ImGuiIO& io, const InputEvent& event)
{
    switch (event.kind) {
    case InputEvent::Kind::Key:
        io.KeyCtrl = event.modifiers.control;
        io.KeyShift = event.modifiers.shift;
        io.KeyAlt = event.modifiers.alt;
        io.KeysDown[static_cast<std::size_t>(event.key)] = event.down;
        return;
    case InputEvent::Kind::Character: return io.AddInputCharacter(event.character);
    case InputEvent::Kind::MouseMove: io.MousePos = { event.x, event.y }; return;
    case InputEvent::Kind::MouseButton:
        io.KeyShift = event.modifiers.shift;
        io.MouseDown[event.button] = event.down;
        return;
    case InputEvent::Kind::Wheel:
        io.MouseWheelH += event.x;
        io.MouseWheel += event.y;
        return;
    case InputEvent::Kind::Focus:
        if (!event.down)
            std::fill(std::begin(io.KeysDown), std::end(io.KeysDown), false);
        return io.AddFocusEvent(event.down);
    case InputEvent::Kind::Close: return;
    }
}

#endif

bool is_transition(const InputEvent& event)
{
    return event.kind == InputEvent::Kind::MouseButton || event.kind == InputEvent::Kind::Key;
}

}

void prepare_imgui_input()
{
#if IMGUI_VERSION_NUM < 18700
    auto& io = ImGui::GetIO();
    for (const auto& meaning : meanings)
        io.KeyMap[meaning.imgui] = static_cast<int>(meaning.key);
#endif
}

std::size_t feed_imgui(std::span<const InputEvent> events)
{
    auto& io = ImGui::GetIO();
    std::size_t taken = 0;
    for (const auto& event : events) {
        feed(io, event);
        ++taken;
        if (is_transition(event))
            break;
    }
    return taken;
}

}
