// VERIFY: our own bug (DESIGN section 9). Always on, in every build; never around an expression with an effect.
// Prints where, with the guest's program counter and the strategy when a machine is running, and aborts.
#pragma once

#include <cstdint>

namespace ringside {

// What VERIFY prints beside its own place. The run loop keeps it current; it is only ever read while dying.
struct VerifyContext {
    const char* strategy = "none";
    uint32_t guest_eip = 0;
};

extern VerifyContext g_verify_context;

[[noreturn]] void verify_failed(const char* expression, const char* file, int line);

}

#define VERIFY(expression) \
    (static_cast<bool>(expression) ? void(0) : ::ringside::verify_failed(#expression, __FILE__, __LINE__))
