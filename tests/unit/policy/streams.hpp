#pragma once

/// Reference streams for tests: small, seeded, with the shapes policies are sensitive to.
///
/// Invariant: a stream is a function of (shape, seed, pages, length): a failure that prints them
/// can be replayed.

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "libos/policy/replacement.hpp"
#include "sim/testbed/trace/trace.hpp"

namespace tests::policy {

enum class Shape : std::uint8_t { uniform, skewed, loop, zigzag, shifting };

inline constexpr Shape all_shapes[] = {Shape::uniform, Shape::skewed, Shape::loop, Shape::zigzag,
                                       Shape::shifting};

struct Stream {
    Shape shape;
    std::uint64_t seed;
    std::uint32_t pages;
    std::uint32_t length;
};

inline std::uint32_t draw(const Stream& stream, std::uint32_t i, std::mt19937_64& random) {
    const auto pages = stream.pages;
    const auto any = static_cast<std::uint32_t>(random() % pages);
    switch (stream.shape) {
        case Shape::uniform: return any;
        case Shape::skewed: return static_cast<std::uint32_t>(any * (random() % pages) / pages);
        case Shape::loop: return random() % 16 == 0 ? any : i % pages;
        case Shape::zigzag: return i / pages % 2 == 0 ? i % pages : pages - 1 - i % pages;
        case Shape::shifting: return (i / 97 * 7 + any % (1 + pages / 4)) % pages;
    }
    return 0;
}

/// The stream as a trace whose dense ids are the drawn numbers themselves.
inline sim::testbed::trace::Trace make_trace(const Stream& stream, bool weights = false) {
    std::mt19937_64 random{stream.seed};
    sim::testbed::trace::Trace trace;
    for (std::uint32_t page = 0; page < stream.pages; ++page) trace.ids.push_back(page);
    for (std::uint32_t i = 0; i < stream.length; ++i) {
        trace.page.push_back(draw(stream, i, random));
        trace.write.push_back(random() % 4 == 0);
        if (weights) trace.weight.push_back(1 + static_cast<std::uint32_t>(random() % 9));
    }
    return trace;
}

inline std::string describe(const Stream& stream, std::uint64_t capacity) {
    return "shape " + std::to_string(static_cast<int>(stream.shape)) + " seed " +
           std::to_string(stream.seed) + " pages " + std::to_string(stream.pages) + " length " +
           std::to_string(stream.length) + " capacity " + std::to_string(capacity);
}

}  // namespace tests::policy
