#include "libos/fs/log/store/segments.hpp"

namespace libos::fs::log {

void Segments::build(const Geometry& geometry, std::span<Usage> usage,
                     std::span<std::uint8_t> states, std::span<std::uint64_t> touched) {
    geometry_ = geometry;
    usage_ = usage;
    states_ = states;
    touched_ = touched;
}

void Segments::settle(std::uint32_t active, std::uint32_t next) {
    free_ = 0;
    live_ = 0;
    for (std::uint32_t s = 0; s < geometry_.segments; ++s) {
        const bool empty = usage_[s].live == 0 && s != active && s != next;
        states_[s] = empty ? state_free : state_used;
        free_ += empty ? 1 : 0;
        live_ += usage_[s].live;
    }
    for (std::uint64_t& word : touched_) word = 0;
}

Result<void> Segments::check() const {
    for (const Usage& usage : usage_) {
        if (usage.live > geometry_.segment_blocks) return error(Error::corrupt);
    }
    return {};
}

std::optional<std::uint32_t> Segments::take() {
    for (std::uint32_t i = 0; free_ != 0 && i < geometry_.segments; ++i) {
        hand_ = hand_ + 1 < geometry_.segments ? hand_ + 1 : 0;
        if (!free(hand_)) continue;
        use(hand_);
        return hand_;
    }
    return {};
}

void Segments::use(std::uint32_t segment) {
    if (!free(segment)) return;
    states_[segment] = state_used;
    usage_[segment].age = 0;
    --free_;
}

void Segments::add(Address address, std::uint32_t age) {
    const std::uint32_t segment = geometry_.segment_of(address);
    Usage& usage = usage_[segment];
    ++usage.live;
    ++live_;
    usage.age = std::max(usage.age, age);
    touch(segment);
}

Result<void> Segments::remove(Address address) {
    if (!geometry_.content(address)) return error(Error::corrupt);
    const std::uint32_t segment = geometry_.segment_of(address);
    if (usage_[segment].live == 0) return error(Error::corrupt);
    --usage_[segment].live;
    --live_;
    touch(segment);
    return {};
}

Result<void> Segments::set(std::uint64_t segment, const Usage& usage) {
    if (segment >= geometry_.segments || usage.live > geometry_.segment_blocks) {
        return error(Error::corrupt);
    }
    live_ = live_ - usage_[segment].live + usage.live;
    usage_[segment] = usage;
    return {};
}

std::uint32_t Segments::empty_count(std::uint32_t active, std::uint32_t next) const {
    std::uint32_t count = 0;
    for (std::uint32_t s = 0; s < geometry_.segments; ++s) {
        const bool empty = usage_[s].live == 0 && s != active && s != next && !free(s);
        count += empty ? 1 : 0;
    }
    return count;
}

bool Segments::many_touched() const {
    std::uint32_t count = 0;
    for (const std::uint64_t word : touched_) {
        for (std::uint64_t bits = word; bits != 0; bits &= bits - 1) ++count;
    }
    return count > touched_max;
}

}  // namespace libos::fs::log
