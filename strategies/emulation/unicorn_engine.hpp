// Unicorn's engine and context with owners, and which version this is.
#pragma once

#include "core/result.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <unicorn/unicorn.h>

namespace ringside {

class UnicornEngine {
public:
    // A 32-bit x86 engine without memory. Unavailable for versions below 2.1 (DESIGN section 5.1).
    static Result<UnicornEngine> create();

    uc_engine* get() const { return m_engine.get(); }

private:
    struct Closer {
        void operator()(uc_engine* engine) const { uc_close(engine); }
    };
    std::unique_ptr<uc_engine, Closer> m_engine;
};

// A saved copy of the CPU's state, as bytes.
class UnicornContext {
public:
    explicit UnicornContext(const UnicornEngine& engine);

    void save() { uc_context_save(m_engine, m_context.get()); }
    void restore() { uc_context_restore(m_engine, m_context.get()); }
    std::span<std::byte> bytes() { return { reinterpret_cast<std::byte*>(m_context.get()), m_size }; }

private:
    struct Freer {
        void operator()(uc_context* context) const { uc_context_free(context); }
    };
    uc_engine* m_engine;
    std::unique_ptr<uc_context, Freer> m_context;
    std::size_t m_size;
};

std::string unicorn_version();

}
