#pragma once

/// Generator: random programs that verification is likely to accept, and some that it should not.
///
/// A program is made of small pieces that keep to the rules (arithmetic on numbers, masked
/// accesses, comparisons with the length, counted loops, spills, calls); then, in half of them,
/// a few bits are turned over. The same seed gives the same program.

#include <random>

#include "tests/unit/code/programs.hpp"

namespace tests::code {

class Generator {
public:
    static constexpr std::uint32_t second_window_bytes = 16;

    explicit Generator(std::uint64_t seed) : draw_{seed} {}

    /// Window 1 has second_window_bytes, read-only. At least `bytes_min` of window 0 are there;
    /// longer accesses are guarded by a comparison.
    [[nodiscard]] Code program(std::uint32_t bytes_min, std::uint32_t bytes_max);
    /// `code` with a few fields changed.
    [[nodiscard]] Code mutated(const Code& code);
    [[nodiscard]] std::uint64_t below(std::uint64_t limit) { return draw_() % limit; }

private:
    void piece();
    void arithmetic();
    void swap();
    void wide_constant();
    void window_access();
    void guarded_access();
    void masked_access();
    void relative_access();
    void second_window();
    void addresses();
    void spill();
    void atomic();
    void branch();
    void loop();
    void call();
    void mutate();
    void functions();

    [[nodiscard]] unsigned number() { return static_cast<unsigned>(numbers_[below(5)]); }
    [[nodiscard]] std::int32_t constant();
    [[nodiscard]] std::int16_t slot() { return static_cast<std::int16_t>(-8 * (1 + below(8))); }
    void put(const Instruction& i) { code_.push_back(i); }

    // Registers that always hold numbers; r6 keeps the window's address, r7 counts loops.
    static constexpr int numbers_[] = {0, 3, 4, 8, 9};
    std::mt19937_64 draw_;
    Code code_;
    std::vector<std::size_t> calls_;
    std::uint32_t bytes_min_ = 0;
    std::uint32_t bytes_max_ = 0;
    unsigned depth_ = 0;
};

}  // namespace tests::code
