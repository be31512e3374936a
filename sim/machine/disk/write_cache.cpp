#include "sim/machine/disk/write_cache.hpp"

#include <algorithm>

namespace sim::machine::disk {

bool WriteCache::read(std::uint64_t block, BlockView into) const {
    const auto found = unwritten_.find(block);
    if (found == unwritten_.end()) return image_->read(block, into);
    std::ranges::copy(found->second, into.begin());
    return true;
}

bool WriteCache::write(std::uint64_t block, ConstBlockView from) {
    unwritten_[block].assign(from.begin(), from.end());
    return true;
}

bool WriteCache::flush() {
    for (const auto& [block, bytes] : unwritten_) {
        if (!image_->write(block, ConstBlockView{bytes})) return false;
    }
    unwritten_.clear();
    return image_->flush();
}

}  // namespace sim::machine::disk
