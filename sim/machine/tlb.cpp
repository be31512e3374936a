#include "sim/machine/tlb.hpp"

#include <algorithm>
#include <bit>

#include "kernel/base/assert.hpp"

namespace sim::machine {

namespace {

std::uint32_t places_for(std::uint32_t pages) { return std::bit_ceil(pages) * 2; }

}  // namespace

Tlb::Tlb(std::uint32_t pages_max)
    : lines_(pages_max),
      places_(places_for(pages_max)),
      shift_{32 - static_cast<unsigned>(std::countr_zero(places_for(pages_max)))} {
    CHITIN_ASSERT(pages_max > 0);
}

TlbLine* Tlb::find(std::uint32_t page) {
    for (std::size_t i = first_place(page); places_[i].epoch == epoch_; i = after(i)) {
        TlbLine& line = lines_[places_[i].line];
        if (line.page == page) return &line;
    }
    return nullptr;
}

void Tlb::insert(const TlbLine& line) {
    CHITIN_ASSERT(!full());
    std::size_t i = first_place(line.page);
    while (places_[i].epoch == epoch_) {
        CHITIN_ASSERT(lines_[places_[i].line].page != line.page);
        i = after(i);
    }
    places_[i] = {epoch_, count_};
    lines_[count_++] = line;
}

void Tlb::clear() {
    count_ = 0;
    if (++epoch_ != 0) return;
    std::ranges::fill(places_, Place{});
    epoch_ = 1;
}

}  // namespace sim::machine
