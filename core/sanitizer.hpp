// Whether this build has AddressSanitizer or ThreadSanitizer, whose runtimes need what workers otherwise give up.
#pragma once

namespace ringside {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool is_sanitizer_build = true;
#else
inline constexpr bool is_sanitizer_build = false;
#endif

}
