#pragma once

// Catch2 3 where it is installed, else 2.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>

inline unsigned test_seed() { return Catch::getSeed(); }
#else
#include <catch2/catch.hpp>

/// What random tests draw from: 0, or what --rng-seed says.
inline unsigned test_seed() { return Catch::rngSeed(); }
#endif
