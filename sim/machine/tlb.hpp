// Tlb: which pages of the window the host shows, which frame each is, and how.
//
// Why not ask the host: it cannot be asked. A dropped page keeps its line with Protection::none,
// because its host mapping still exists (it costs one of the process's mappings, and showing
// the same frame there again is then a change of protection only, a third of the price).
// Invariants: at most `pages_max` lines; no allocation after construction (it is used in a
// signal handler); clear() is O(1).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/host/address_window.hpp"

namespace sim::machine {

struct TlbLine {
    std::uint32_t page;   // within the window
    std::uint32_t frame;
    host::Protection protection;
};

class Tlb {
public:
    explicit Tlb(std::uint32_t pages_max);

    TlbLine* find(std::uint32_t page);
    // `page` must have no line, and the table a free one.
    void insert(const TlbLine& line);
    std::size_t capacity() const { return lines_.size(); }
    bool full() const { return count_ == lines_.size(); }
    void clear();
    std::span<TlbLine> lines() { return {lines_.data(), count_}; }

private:
    struct Place {
        std::uint32_t epoch = 0;
        std::uint32_t line = 0;
    };

    std::size_t first_place(std::uint32_t page) const {
        return (page * 0x9e37'79b9u) >> shift_;
    }
    std::size_t after(std::size_t place) const { return (place + 1) & (places_.size() - 1); }

    std::vector<TlbLine> lines_;
    std::vector<Place> places_;  // open addressing, at most half full
    std::uint32_t count_ = 0;
    std::uint32_t epoch_ = 1;
    unsigned shift_;
};

}  // namespace sim::machine
