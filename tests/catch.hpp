// Catch2, version 3 (Debian 13) or 2 (Debian 12).
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#    include <catch2/catch_all.hpp>
using Catch::Approx; // as version 2 has it
#else
#    include <catch2/catch.hpp>
#endif
