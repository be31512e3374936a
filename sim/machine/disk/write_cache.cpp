#include "sim/machine/disk/write_cache.hpp"

#include <algorithm>
#include <array>

namespace sim::machine::disk {

bool WriteCache::read(std::uint64_t block, BlockView into) const {
    const auto found = unwritten_.find(block);
    if (found == unwritten_.end()) return image_->read(block, into);
    std::ranges::copy(found->second, into.begin());
    return true;
}

bool WriteCache::write(std::uint64_t block, ConstBlockView from) {
    if (log_ != nullptr) log_->wrote(block, from);
    unwritten_[block].assign(from.begin(), from.end());
    return true;
}

bool WriteCache::flip(std::uint64_t block, std::uint64_t bit) {
    std::array<std::byte, block_bytes> bytes;
    if (!read(block, bytes)) return false;
    bytes[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
    return unwritten_.contains(block) ? write(block, bytes) : image_->write(block, bytes);
}

bool WriteCache::lose(const std::function<std::uint64_t()>& written) {
    for (const auto& [block, bytes] : unwritten_) {
        const std::uint64_t count = written() * sector_bytes;
        std::array<std::byte, block_bytes> torn;
        if (count == 0) continue;
        if (!image_->read(block, torn)) return false;
        std::ranges::copy(std::span{bytes}.first(count), torn.begin());
        if (!image_->write(block, torn)) return false;
    }
    unwritten_.clear();
    return true;
}

bool WriteCache::flush() {
    for (const auto& [block, bytes] : unwritten_) {
        if (!image_->write(block, ConstBlockView{bytes})) return false;
    }
    unwritten_.clear();
    const bool well = image_->flush();
    if (well && log_ != nullptr) log_->flushed();
    return well;
}

}  // namespace sim::machine::disk
