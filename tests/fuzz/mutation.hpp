// Mutation: changes a sequence step by step, so that what is made is a sequence of plausible calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

#include "tests/fuzz/calls_run.hpp"

namespace tests::fuzz {

using Random = std::minstd_rand;

// Changes the sequence a little, in one to four ways; it has at most `bytes_max` then.
void mutate(Bytes& sequence, std::size_t bytes_max, Random& random);

// The beginning of one and the end of another, cut between steps, or the one in the other.
Bytes cross(std::span<const std::uint8_t> one, std::span<const std::uint8_t> other,
            std::size_t bytes_max, Random& random);

}  // namespace tests::fuzz
