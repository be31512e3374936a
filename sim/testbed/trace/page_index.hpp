#pragma once

/// The page index: the dense number of each id seen so far, in order of first appearance.
///
/// Why: one lookup a reference is most of what reading a trace costs. Open addressing with linear
/// probing in one array touches one or two cache lines, where a node-based map chases pointers.
///
/// Invariants: at most half the slots are used; slots_[i] is free or a number below ids().size().

#include <cstdint>
#include <utility>
#include <vector>

#include "sim/testbed/trace/trace.hpp"

namespace sim::testbed::trace {

class PageIndex {
public:
    static constexpr std::uint64_t pages_max = 0xffff'fffe;

    PageIndex() : slots_(slots_min, free_slot) {}

    /// The number of `id`, new if it was not seen before.
    DensePage number(std::uint64_t id) {
        std::size_t at = mix(id) & (slots_.size() - 1);
        while (slots_[at].number != free_slot.number) {
            if (slots_[at].id == id) return slots_[at].number;
            at = (at + 1) & (slots_.size() - 1);
        }
        const auto number = static_cast<DensePage>(ids_.size());
        slots_[at] = {id, number};
        ids_.push_back(id);
        if (ids_.size() * 2 > slots_.size()) grow();
        return number;
    }

    [[nodiscard]] bool full() const { return ids_.size() >= pages_max; }
    [[nodiscard]] const std::vector<std::uint64_t>& ids() const { return ids_; }
    [[nodiscard]] std::vector<std::uint64_t> take_ids() { return std::move(ids_); }

private:
    struct Slot {
        std::uint64_t id;
        DensePage number;
    };

    static constexpr std::size_t slots_min = std::size_t{1} << 12;
    static constexpr Slot free_slot{0, 0xffff'ffff};

    /// The finaliser of MurmurHash3: hostile strides spread as well as honest ones.
    static std::uint64_t mix(std::uint64_t id) {
        id = (id ^ (id >> 33)) * 0xff51afd7ed558ccd;
        id = (id ^ (id >> 33)) * 0xc4ceb9fe1a85ec53;
        return id ^ (id >> 33);
    }

    void grow() {
        slots_.assign(slots_.size() * 2, free_slot);
        for (std::size_t number = 0; number < ids_.size(); ++number) {
            std::size_t at = mix(ids_[number]) & (slots_.size() - 1);
            while (slots_[at].number != free_slot.number) at = (at + 1) & (slots_.size() - 1);
            slots_[at] = {ids_[number], static_cast<DensePage>(number)};
        }
    }

    std::vector<Slot> slots_;
    std::vector<std::uint64_t> ids_;
};

}  // namespace sim::testbed::trace
