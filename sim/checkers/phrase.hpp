// Phrase: what a check would say, put together only where it fails.
//
// Why: a checker asks millions of questions, each with its words; as strings these were most of
// its time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "kernel/base/assert.hpp"

namespace sim::checkers {

class Phrase {
public:
    // `text` outlives it: a literal.
    Phrase(const char* text) : count_{1} { parts_[0] = {text, 0}; }
    explicit Phrase(std::uint64_t number) : count_{1} { parts_[0] = {nullptr, number}; }

    friend Phrase operator+(Phrase left, const Phrase& right) {
        for (std::size_t i = 0; i < right.count_; ++i) {
            CHITIN_ASSERT(left.count_ < parts_max);
            left.parts_[left.count_++] = right.parts_[i];
        }
        return left;
    }

    [[nodiscard]] std::string text() const {
        std::string all;
        for (std::size_t i = 0; i < count_; ++i) {
            const Part& part = parts_[i];
            all += part.text != nullptr ? part.text : std::to_string(part.number);
        }
        return all;
    }

private:
    struct Part {
        const char* text;  // nullptr: the number
        std::uint64_t number;
    };
    static constexpr std::size_t parts_max = 12;

    std::array<Part, parts_max> parts_;
    std::size_t count_;
};

inline Phrase number(std::uint64_t value) { return Phrase{value}; }

}  // namespace sim::checkers
