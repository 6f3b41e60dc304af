#include "visualizer/app/application.hpp"

#include "visualizer/app/imgui_input.hpp"
#include "visualizer/panels/panels.hpp"

#include <algorithm>
#include <backends/imgui_impl_opengl3.h>
#include <imgui.h>
#include <thread>

namespace ringside::visualizer {

namespace {

using namespace std::chrono_literals;

constexpr auto idle_time = 250ms;
constexpr std::chrono::milliseconds snapshot_time = 400ms;
constexpr float least_height_for_status = 160; // of the window, at 100 percent; what has to be said is always shown

const char* clipboard_text(void* surface)
{
    static thread_local std::string text; // ImGui wants a pointer that stays
    text = static_cast<Surface*>(surface)->clipboard();
    return text.c_str();
}

void set_clipboard_text(void* surface, const char* text) { static_cast<Surface*>(surface)->set_clipboard(text); }

}

Run& Models::run() const { return *laboratory.runs()[chosen]; }

Result<std::unique_ptr<Application>> Application::create(
    Surface& surface, std::unique_ptr<Laboratory> laboratory, const LoadedSettings& settings)
{
    auto application = std::unique_ptr<Application>(new Application(surface, std::move(laboratory), settings));
    if (!application->m_graphics)
        return fail(ExitCode::Unavailable, "OpenGL 3 cannot be used: its library is missing or too old");
    return application;
}

Application::Application(Surface& surface, std::unique_ptr<Laboratory> laboratory, const LoadedSettings& settings)
    : m_surface(surface)
    , m_laboratory(std::move(laboratory))
    , m_settings(settings.settings)
    , m_theme(settings.settings.theme)
{
    m_screen.message = settings.message;
    m_screen.tour = !m_settings.tour_done;
    open_panels(m_settings.panels);
    IMGUI_CHECKVERSION();
    m_imgui = ImGui::CreateContext();
    auto& io = ImGui::GetIO();
    io.IniFilename = nullptr;
    io.LogFilename = nullptr;
    io.SetClipboardTextFn = set_clipboard_text;
    io.GetClipboardTextFn = clipboard_text;
    io.ClipboardUserData = &m_surface;
    prepare_imgui_input();
    m_graphics = ImGui_ImplOpenGL3_Init("#version 150");
}

Application::~Application()
{
    ImGui::SetCurrentContext(m_imgui);
    if (m_graphics)
        ImGui_ImplOpenGL3_Shutdown();
    ImGui::DestroyContext(m_imgui);
}

void Application::open_panels(const std::vector<std::string>& names)
{
    std::vector<std::size_t> open;
    auto panels = all_panels();
    for (const auto& name : names) {
        auto found = std::ranges::find(panels, name, &Panel::name);
        auto index = static_cast<std::size_t>(found - panels.begin());
        if (found != panels.end() && std::ranges::find(open, index) == open.end())
            open.push_back(index);
    }
    if (!open.empty())
        m_screen.panels = open;
}

Settings Application::settings() const
{
    auto settings = m_before_projector ? *m_before_projector : m_settings;
    auto size = m_surface.size();
    settings.width = size.width;
    settings.height = size.height;
    settings.tour_done = m_settings.tour_done;
    settings.panels.clear();
    for (auto index : m_screen.panels)
        settings.panels.emplace_back(all_panels()[index].name);
    return settings;
}

std::optional<Place> Application::place(std::string_view name) const
{
    auto found = m_places.find(name);
    return found == m_places.end() ? std::nullopt : std::optional { found->second };
}

bool Application::moves() const
{
    return std::ranges::any_of(m_laboratory->runs(), [](const auto& run) {
        return run->state() == Run::State::Running || (!run->playback().held() && !run->events().empty());
    });
}

void Application::run(const std::function<bool()>& wanted_to_end)
{
    auto before = std::chrono::steady_clock::now();
    auto last_input = before;
    while (!m_finished && !wanted_to_end()) {
        // What was clicked is answered at once, and a hovered control a moment later.
        bool lively = moves() || !m_waiting.empty() || std::chrono::steady_clock::now() - last_input < 1s;
        auto due = before + (lively ? frame_time : idle_time);
        auto left = std::chrono::duration_cast<std::chrono::milliseconds>(due - std::chrono::steady_clock::now());
        InputEvents events;
        m_surface.wait(std::max(left, 0ms), events);
        auto now = std::chrono::steady_clock::now();
        if (!events.empty())
            last_input = now;
        // A mouse that moves brings more events than there are frames.
        if (lively && now - before < 8ms)
            std::this_thread::sleep_for(8ms - (now - before));
        now = std::chrono::steady_clock::now();
        frame(std::chrono::duration<double>(now - before).count(), events);
        before = now;
    }
}

void Application::frame(double seconds, const InputEvents& events)
{
    ImGui::SetCurrentContext(m_imgui);
    m_time += seconds;
    take_input(events);
    carry_out_requests();
    want_snapshots();
    m_laboratory->poll(seconds);
    if (m_surface.size().width > 0 && m_surface.size().height > 0)
        draw(seconds);
    m_surface.present();
}

// Only while a panel shows them: they stop the guest for a moment.
void Application::want_snapshots()
{
    bool wanted = std::ranges::any_of(m_screen.panels, [](std::size_t index) { return all_panels()[index].needs_snapshot; });
    for (const auto& run : m_laboratory->runs()) {
        if (auto* observed = run->observed())
            observed->want_snapshots(wanted && run.get() == &chosen_run() ? std::optional { snapshot_time } : std::nullopt);
    }
}

float Application::effective_scale() const
{
    return static_cast<float>(m_settings.scale) / 100.0f * m_surface.desktop_scale();
}

void Application::apply_appearance()
{
    m_appearance_changed = false;
    m_theme = Theme(m_settings.theme);
    m_theme.apply(effective_scale());
    m_fonts = build_fonts(effective_scale());
    ImGui_ImplOpenGL3_DestroyFontsTexture();
    ImGui_ImplOpenGL3_CreateFontsTexture();
}

void Application::draw(double seconds)
{
    ImGui_ImplOpenGL3_NewFrame();
    if (m_appearance_changed)
        apply_appearance();
    auto size = m_surface.size();
    auto& io = ImGui::GetIO();
    io.DisplaySize = { static_cast<float>(size.width), static_cast<float>(size.height) };
    io.DeltaTime = std::clamp(static_cast<float>(seconds), 1e-4f, 1.0f);
    ImGui::NewFrame();
    m_places.clear();
    Context context { m_theme, m_fonts, effective_scale(), m_time, m_typing_to_guest, m_panel_state, m_requests, m_places };
    Models models { *m_laboratory, m_chosen, m_panel_state.exits.beside };
    draw_screen(context, models);
    ImGui::Render();
    ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
}

void Application::draw_screen(const Context& context, const Models& models)
{
    auto display = ImGui::GetIO().DisplaySize;
    ImGui::SetNextWindowPos({ 0, 0 });
    ImGui::SetNextWindowSize(display);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, is_cramped(context) ? ImVec2 { 2, 2 } : ImGui::GetStyle().WindowPadding);
    ImGui::Begin("ringside", nullptr,
        ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings
            | ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoNavInputs);
    ImGui::PopStyleVar();
    ImGui::PushFont(context.fonts.text);
    draw_toolbar(context, models, m_screen);
    bool has_status_line = display.y >= context.px(least_height_for_status) || !m_screen.message.empty();
    float below = has_status_line ? ImGui::GetTextLineHeight() + ImGui::GetStyle().ItemSpacing.y : 0;
    float height = std::max(ImGui::GetContentRegionAvail().y - below, context.px(20));
    if (display.x > context.px(820)) {
        ImGui::BeginChild("runs", { context.px(200), height });
        draw_run_list(context, models);
        ImGui::EndChild();
        ImGui::SameLine();
    }
    ImGui::BeginChild("panels", { 0, height });
    draw_panel_grid(context, models, m_screen);
    ImGui::EndChild();
    context.mark("panels");
    if (has_status_line)
        draw_status_line(context, models, m_screen);
    ImGui::PopFont();
    ImGui::End();
    ImGui::PushFont(context.fonts.text);
    if (m_screen.help)
        draw_help_page(context);
    else if (m_screen.tour)
        draw_tour(context, m_screen);
    ImGui::PopFont();
}

}
