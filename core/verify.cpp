#include "core/verify.hpp"

#include <cstdio>
#include <cstdlib>

namespace ringside {

// Global because VERIFY is used where no machine is at hand; written only by the thread that runs the vCPU.
VerifyContext g_verify_context;

void verify_failed(const char* expression, const char* file, int line)
{
    std::fprintf(stderr, "ringside: internal error: %s (%s:%d; strategy %s, guest eip 0x%08x)\n", expression, file, line,
        g_verify_context.strategy, g_verify_context.guest_eip);
    std::fflush(stderr);
    std::abort();
}

}
