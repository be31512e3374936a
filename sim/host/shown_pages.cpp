#include "sim/host/shown_pages.hpp"

#include <algorithm>
#include <bit>

#include "kernel/base/assert.hpp"

namespace sim::host {

ShownPages::ShownPages(std::uint32_t pages_max)
    : places_(std::size_t{std::bit_ceil(pages_max)} * 2),
      shift_{32 - static_cast<unsigned>(std::countr_zero(places_.size()))} {
    CHITIN_ASSERT(pages_max > 0);
}

void ShownPages::set(std::uint32_t page, std::uint32_t shown) {
    Place& place = places_[find(page)];
    if (place.epoch != epoch_) {
        CHITIN_ASSERT(room_for(1));
        ++count_;
    }
    place = {epoch_, page, shown};
}

void ShownPages::clear() {
    count_ = 0;
    if (++epoch_ != 0) return;
    std::ranges::fill(places_, Place{});
    epoch_ = 1;
}

}  // namespace sim::host
