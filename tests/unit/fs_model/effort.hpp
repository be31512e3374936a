#pragma once

/// How much a test tries: less under a sanitizer, far more where CHITIN_LONG is set.

#include <cstdint>
#include <cstdlib>

namespace tests::fs_model {

/// `usual`, a fifth of it under a sanitizer, or `thorough`.
inline std::uint64_t effort(std::uint64_t usual, std::uint64_t thorough) {
    if (std::getenv("CHITIN_LONG") != nullptr) return thorough;
    return CHITIN_SANITIZED ? usual / 5 : usual;
}

}  // namespace tests::fs_model
