// A picture in memory: EGL without a display server, drawing into a framebuffer object. For tests, and for screenshots
// on machines without a display.
#include "visualizer/app/pixels.hpp"
#include "visualizer/app/surface.hpp"

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GL/gl.h>
#include <GL/glext.h>
#include <fmt/format.h>
#include <thread>

namespace ringside::visualizer {

namespace {

template<typename Function>
Function find(const char* name)
{
    return reinterpret_cast<Function>(eglGetProcAddress(name));
}

// The handful of OpenGL 3 that a framebuffer object takes.
struct Functions {
    PFNGLGENFRAMEBUFFERSPROC generate_framebuffers = find<PFNGLGENFRAMEBUFFERSPROC>("glGenFramebuffers");
    PFNGLBINDFRAMEBUFFERPROC bind_framebuffer = find<PFNGLBINDFRAMEBUFFERPROC>("glBindFramebuffer");
    PFNGLDELETEFRAMEBUFFERSPROC delete_framebuffers = find<PFNGLDELETEFRAMEBUFFERSPROC>("glDeleteFramebuffers");
    PFNGLGENRENDERBUFFERSPROC generate_renderbuffers = find<PFNGLGENRENDERBUFFERSPROC>("glGenRenderbuffers");
    PFNGLBINDRENDERBUFFERPROC bind_renderbuffer = find<PFNGLBINDRENDERBUFFERPROC>("glBindRenderbuffer");
    PFNGLDELETERENDERBUFFERSPROC delete_renderbuffers = find<PFNGLDELETERENDERBUFFERSPROC>("glDeleteRenderbuffers");
    PFNGLRENDERBUFFERSTORAGEPROC store = find<PFNGLRENDERBUFFERSTORAGEPROC>("glRenderbufferStorage");
    PFNGLFRAMEBUFFERRENDERBUFFERPROC attach = find<PFNGLFRAMEBUFFERRENDERBUFFERPROC>("glFramebufferRenderbuffer");
    decltype(&glFinish) finish = find<decltype(&glFinish)>("glFinish");

    bool complete() const
    {
        return generate_framebuffers && bind_framebuffer && delete_framebuffers && generate_renderbuffers
            && bind_renderbuffer && delete_renderbuffers && store && attach && finish;
    }
};

class EglSurface final : public OffscreenSurface {
public:
    EglSurface(EGLDisplay display, EGLContext context, const Functions& functions, Size size)
        : m_display(display)
        , m_context(context)
        , m_gl(functions)
    {
        m_gl.generate_framebuffers(1, &m_framebuffer);
        m_gl.generate_renderbuffers(1, &m_color);
        EglSurface::resize(size);
    }

    ~EglSurface() override
    {
        m_gl.delete_renderbuffers(1, &m_color);
        m_gl.delete_framebuffers(1, &m_framebuffer);
        eglMakeCurrent(m_display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
        eglDestroyContext(m_display, m_context);
        eglTerminate(m_display);
    }

    void resize(Size size) override
    {
        m_size = size;
        m_gl.bind_framebuffer(GL_FRAMEBUFFER, m_framebuffer);
        m_gl.bind_renderbuffer(GL_RENDERBUFFER, m_color);
        m_gl.store(GL_RENDERBUFFER, GL_RGBA8, size.width, size.height);
        m_gl.attach(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, m_color);
    }

    void inject(const InputEvent& event) override { m_events.push_back(event); }

    Size size() const override { return m_size; }

    void wait(std::chrono::milliseconds timeout, InputEvents& events) override
    {
        if (m_events.empty() && timeout.count() > 0)
            std::this_thread::sleep_for(timeout);
        events.insert(events.end(), m_events.begin(), m_events.end());
        m_events.clear();
    }

    void present() override { m_gl.finish(); }
    Image read_pixels() override { return read_framebuffer(m_size, &eglGetProcAddress); }
    std::string clipboard() override { return m_clipboard; }
    void set_clipboard(const std::string& text) override { m_clipboard = text; }

private:
    EGLDisplay m_display;
    EGLContext m_context;
    Functions m_gl;
    GLuint m_framebuffer = 0;
    GLuint m_color = 0;
    Size m_size;
    InputEvents m_events;
    std::string m_clipboard;
};

EGLDisplay surfaceless_display()
{
    auto get = find<PFNEGLGETPLATFORMDISPLAYPROC>("eglGetPlatformDisplay");
    if (!get)
        return EGL_NO_DISPLAY;
    auto display = get(EGL_PLATFORM_SURFACELESS_MESA, nullptr, nullptr);
    if (display == EGL_NO_DISPLAY || !eglInitialize(display, nullptr, nullptr))
        return EGL_NO_DISPLAY;
    return display;
}

EGLContext create_context(EGLDisplay display)
{
    const EGLint wanted[] = { EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_SURFACE_TYPE, 0, EGL_NONE };
    const EGLint attributes[] = { EGL_CONTEXT_MAJOR_VERSION, 3, EGL_CONTEXT_MINOR_VERSION, 2,
        EGL_CONTEXT_OPENGL_PROFILE_MASK, EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT, EGL_NONE };
    EGLConfig config = nullptr;
    EGLint count = 0;
    if (!eglBindAPI(EGL_OPENGL_API) || !eglChooseConfig(display, wanted, &config, 1, &count) || count == 0)
        return EGL_NO_CONTEXT;
    auto context = eglCreateContext(display, config, EGL_NO_CONTEXT, attributes);
    if (context != EGL_NO_CONTEXT && !eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context)) {
        eglDestroyContext(display, context);
        return EGL_NO_CONTEXT;
    }
    return context;
}

}

Result<std::unique_ptr<OffscreenSurface>> open_offscreen(Size size)
{
    auto display = surfaceless_display();
    if (display == EGL_NO_DISPLAY)
        return fail(ExitCode::Unavailable, "EGL cannot draw without a display here (Mesa's surfaceless platform is missing)");
    auto context = create_context(display);
    Functions functions;
    if (context == EGL_NO_CONTEXT || !functions.complete()) {
        eglTerminate(display);
        return fail(ExitCode::Unavailable, "there is no OpenGL 3.2 that draws without a display");
    }
    return std::unique_ptr<OffscreenSurface> { new EglSurface(display, context, functions, size) };
}

}
