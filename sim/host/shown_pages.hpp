// ShownPages: which page of a file each page of a window shows.
//
// Invariants: at most `pages_max` pages; no allocation after construction (it is used in a signal
// handler); clear() is O(1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sim::host {

class ShownPages {
public:
    explicit ShownPages(std::uint32_t pages_max);

    std::uint32_t pages_max() const { return static_cast<std::uint32_t>(places_.size() / 2); }
    std::uint32_t size() const { return count_; }
    bool room_for(std::uint64_t pages) const { return count_ + pages <= pages_max(); }
    // Does `page` show the file's page `shown`?
    bool holds(std::uint32_t page, std::uint32_t shown) const {
        const Place& place = places_[find(page)];
        return place.epoch == epoch_ && place.shown == shown;
    }
    // There must be room.
    void set(std::uint32_t page, std::uint32_t shown);
    void clear();

private:
    struct Place {
        std::uint32_t epoch = 0;
        std::uint32_t page = 0;
        std::uint32_t shown = 0;
    };

    // The page's place, or the free one it would get.
    std::size_t find(std::uint32_t page) const {
        std::size_t i = (page * 0x9e37'79b9u) >> shift_;
        while (places_[i].epoch == epoch_ && places_[i].page != page) {
            i = (i + 1) & (places_.size() - 1);
        }
        return i;
    }

    std::vector<Place> places_;  // open addressing, at most half full
    std::uint32_t count_ = 0;
    std::uint32_t epoch_ = 1;
    unsigned shift_;
};

}  // namespace sim::host
