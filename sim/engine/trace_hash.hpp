// TraceHash: one number for everything that happened in a run, in order and with its times.
//
// Two runs are equal where their hashes are. The mix folds 64 x 64 -> 128-bit products (the
// idea of wyhash): the four products of an event are independent of each other, and only one
// multiplication lies on the path from event to event.
// Invariant: no machine-dependent value enters (abi/event.hpp).
#pragma once

#include <cstdint>

#include "kernel/abi/event.hpp"

namespace sim::engine {

class TraceHash {
public:
    void add(const kernel::abi::Event& event) {
        const std::uint64_t head = std::uint64_t{event.env.value} |
                                   static_cast<std::uint64_t>(event.kind) << 16 |
                                   std::uint64_t{event.code} << 24 |
                                   std::uint64_t{event.word_count} << 32 |
                                   std::uint64_t{event.status} << 48;
        std::uint64_t mixed = fold(event.time.value ^ keys[0], head ^ keys[1]);
        for (std::uint32_t i = 0; i < event.word_count; i += 2) {
            const std::uint64_t second = i + 1 < event.word_count ? event.words[i + 1] : 0;
            mixed ^= fold(event.words[i] ^ keys[2 + i], second ^ keys[3 + i]);
        }
        hash_ = fold(hash_ ^ mixed, keys[9] ^ ++count_);
    }

    std::uint64_t value() const { return hash_; }
    std::uint64_t count() const { return count_; }

private:
    // Fractional bits of the square roots of the first ten primes above 2, made odd.
    static constexpr std::uint64_t keys[10] = {
        0xbb67'ae85'84ca'a73b, 0x3c6e'f372'fe94'f82b, 0xa54f'f53a'5f1d'36f1,
        0x510e'527f'ade6'82d1, 0x9b05'688c'2b3e'6c1f, 0x1f83'd9ab'fb41'bd6b,
        0x5be0'cd19'137e'2179, 0xcbbb'9d5d'c105'9ed9, 0x629a'292a'367c'd507,
        0x9159'015a'3070'dd17};

    static std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
        const auto product = static_cast<unsigned __int128>(a) * b;
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    }

    std::uint64_t hash_ = 0x6a09'e667'f3bc'c909;
    std::uint64_t count_ = 0;
};

}  // namespace sim::engine
