#include "strategies/emulation/unicorn_engine.hpp"

#include "core/verify.hpp"

#include <cstdint>
#include <fmt/format.h>

namespace ringside {

namespace {

// For translated code. Unicorn would take a gigabyte, and make it all resident whenever it drops all translations.
constexpr uint32_t translation_buffer_bytes = 32 << 20;

struct Version {
    unsigned major = 0;
    unsigned minor = 0;
};

Version loaded_version()
{
    Version version;
    uc_version(&version.major, &version.minor);
    return version;
}

}

// uc_version() returns major, minor, patch and extra in one number, a byte each.
std::string unicorn_version()
{
    unsigned number = uc_version(nullptr, nullptr);
    return fmt::format("{}.{}.{}", number >> 24, (number >> 16) & 0xFF, (number >> 8) & 0xFF);
}

Result<UnicornEngine> UnicornEngine::create()
{
    auto version = loaded_version();
    // 2.0 walks the guest's page tables but takes the linear address for the physical one.
    if (version.major != 2 || version.minor < 1)
        return fail(ExitCode::Unavailable, fmt::format("Unicorn {} cannot run kernels with paging", unicorn_version()),
            "install libunicorn 2.1.1 (Debian 13: libunicorn2t64)");
    UnicornEngine engine;
    uc_engine* handle = nullptr;
    if (uc_err error = uc_open(UC_ARCH_X86, UC_MODE_32, &handle); error != UC_ERR_OK)
        return fail(ExitCode::Unavailable, fmt::format("cannot start Unicorn: {}", uc_strerror(error)));
    engine.m_engine.reset(handle);
    // Only now: the first use of the engine allocates the buffer.
    if (uc_ctl_set_tcg_buffer_size(handle, translation_buffer_bytes) != UC_ERR_OK)
        return fail(ExitCode::Unavailable, "Unicorn refuses a bound for its translated code");
    return engine;
}

UnicornContext::UnicornContext(const UnicornEngine& engine)
    : m_engine(engine.get())
    , m_size(uc_context_size(engine.get()))
{
    uc_context* context = nullptr;
    VERIFY(uc_context_alloc(m_engine, &context) == UC_ERR_OK);
    m_context.reset(context);
    save();
}

}
