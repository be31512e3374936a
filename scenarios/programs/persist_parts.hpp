// What both halves of `persist` use: numbers, paths, results that must be there.
#pragma once

#include <charconv>

#include "libos/rt/environment.hpp"
#include "scenarios/programs/persist_volumes.hpp"

namespace scenarios::persist {

using libos::fs::Inode;
using libos::rt::Environment;
using libos::rt::JsonLine;

inline constexpr std::uint32_t path_max = 48;  // bytes
inline constexpr std::uint32_t directories_max = 64;

// Numbers by a rule that is the same on every machine (xorshift64*, Vigna 2016).
class Random {
public:
    explicit Random(std::uint64_t seed) : state_{seed * 0x9e37'79b9'7f4a'7c15 + 1} {}
    std::uint32_t below(std::uint32_t bound) {
        state_ ^= state_ >> 12;
        state_ ^= state_ << 25;
        state_ ^= state_ >> 27;
        return static_cast<std::uint32_t>((state_ * 0x2545'f491'4f6c'dd1d) >> 32) % bound;
    }

private:
    std::uint64_t state_;
};

struct Path {
    char text[path_max];
    std::uint32_t size = 0;

    std::string_view view() const { return {text, size}; }
    // False: no room; nothing is added.
    bool add(std::string_view part) {
        if (part.size() > path_max - size) return false;
        __builtin_memcpy(text + size, part.data(), part.size());
        size += static_cast<std::uint32_t>(part.size());
        return true;
    }
    void add_number(char kind, std::uint32_t number) {
        text[size++] = kind;
        size = static_cast<std::uint32_t>(
            std::to_chars(text + size, text + path_max, number).ptr - text);
    }
};

template <class T>
T must(Environment& env, const fs::Result<T>& result, std::string_view what) {
    if (!result.has_value()) {
        env.panic(what, ": error ", static_cast<std::uint32_t>(result.error()));
    }
    if constexpr (!std::is_void_v<T>) return *result;
}

}  // namespace scenarios::persist
