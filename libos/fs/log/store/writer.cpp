#include "libos/fs/log/store/writer.hpp"

#include <cstring>

#include "kernel/base/result.hpp"
#include "libos/fs/checksum.hpp"

namespace libos::fs::log {

namespace {

constexpr std::size_t checksum_at = 4;

std::uint32_t checksum_without(std::span<const std::byte> block) {
    constexpr std::byte zeros[4] = {};
    const std::uint32_t before = checksum(zeros, checksum(block.first(checksum_at)));
    return checksum(block.subspan(checksum_at + 4), before);
}

}  // namespace

void seal_block(std::span<std::byte> block) {
    store(block, checksum_at, checksum_without(block));
}

bool sealed(std::span<const std::byte> block) {
    return load<std::uint32_t>(block, checksum_at) == checksum_without(block);
}

std::size_t Writer::room(const Geometry& geometry) {
    const std::uint32_t payload = std::min(payload_max, geometry.segment_blocks - 1);
    return std::size_t{payload + 1} * block_bytes;
}

void Writer::build(kernel::base::Arena& arena, const Geometry& geometry, DeviceRef& device,
                   BlockCache& cache, Segments& segments) {
    geometry_ = geometry;
    device_ = &device;
    cache_ = &cache;
    segments_ = &segments;
    payload_max_ = std::min(payload_max, geometry.segment_blocks - 1);
    buffer_ = arena.take<std::byte>(room(geometry));
}

void Writer::clear() {
    position_ = {};
    uncommitted_ = false;
    unflushed_ = false;
    cleaning_ = false;
    statistics_ = {};
    open();
}

void Writer::start(const Position& position, std::uint64_t epoch, std::uint64_t salt) {
    clear();
    position_ = position;
    epoch_ = epoch;
    salt_ = salt;
    find_next();
    open();
}

void Writer::find_next() {
    if (position_.next == none) position_.next = segments_->take().value_or(none);
}

void Writer::begin_epoch(std::uint64_t epoch) {
    epoch_ = epoch;
    uncommitted_ = false;
    position_.number = 0;
    // Writes of two attempts at one checkpoint are told apart by what came before them.
    position_.previous = static_cast<std::uint32_t>(epoch) ^ position_.previous;
}

void Writer::open() {
    count_ = 0;
    event_count_ = 0;
    const bool lives = position_.segment != none;
    first_ = lives ? geometry_.start(position_.segment) + position_.offset + 1 : 0;
    capacity_ =
        lives ? std::min(payload_max_, geometry_.segment_blocks - position_.offset - 1) : 0;
}

Address Writer::append(const Identity& identity, std::uint32_t age) {
    CHITIN_ASSERT(count_ < capacity_);
    const Address address = first_ + count_;
    blocks_[count_++] = identity;
    const auto bytes = this->bytes(address);
    std::memset(bytes.data(), 0, bytes.size());
    if (metadata(identity.kind)) {
        store(bytes, 0,
              BlockHead{block_magic + static_cast<std::uint32_t>(identity.kind), 0,
                        identity.number, identity.index});
    }
    segments_->add(address, age);
    statistics_.cleaned += cleaning_ ? 1 : 0;
    return address;
}

std::uint64_t Writer::log_room() const {
    if (position_.segment == none) return 0;
    const std::uint64_t here = geometry_.segment_blocks - position_.offset - count_;
    const std::uint64_t free = segments_->free_count() + (position_.next != none ? 1u : 0u);
    return here + free * geometry_.segment_blocks;
}

// Usage of the segments that changed, as events; `all`: there was room for every one.
std::uint32_t Writer::note_usage(bool& all) {
    std::uint32_t noted = 0;
    const auto touched = segments_->touched();
    all = true;
    for (std::size_t w = 0; w < touched.size(); ++w) {
        for (std::uint64_t bits = touched[w]; bits != 0; bits &= bits - 1) {
            if (event_room() == 0) {
                all = false;
                return noted;
            }
            const auto s = static_cast<std::uint32_t>(w * 64) +
                           static_cast<std::uint32_t>(std::countr_zero(bits));
            const Usage& usage = segments_->usage(s);
            events_[event_count_++] = {BlockKind::usage, s,
                                       std::uint64_t{usage.age} << 32 | usage.live};
            ++noted;
        }
    }
    return noted;
}

Result<void> Writer::close(bool commit) {
    const auto touched = segments_->touched();
    if (count_ == 0 && event_count_ == 0 && !(commit && uncommitted_)) return {};
    if (!commit) return write(0, 0);
    for (;;) {
        bool all = true;
        const std::uint32_t usages = note_usage(all);
        const std::uint32_t first = event_count_ - usages;
        std::array<std::uint32_t, events_max> said;
        for (std::uint32_t i = 0; i < usages; ++i) {
            said[i] = static_cast<std::uint32_t>(events_[first + i].number);
        }
        TRY(write(all ? summary_commit : 0, usages));
        for (std::uint32_t i = 0; i < usages; ++i) {
            touched[said[i] / 64] &= ~(std::uint64_t{1} << (said[i] % 64));
        }
        if (all) return {};
    }
}

void Writer::seal(std::uint32_t flags) {
    const auto summary = block(0);
    std::memset(summary.data(), 0, summary.size());
    const SummaryHead head{summary_magic, 0, salt_, epoch_, position_.number,
                           position_.previous, position_.clock, position_.next,
                           static_cast<std::uint16_t>(count_),
                           static_cast<std::uint16_t>(event_count_), flags};
    store(summary, 0, head);
    std::size_t at = sizeof head;
    const auto put = [&](const Identity& i, std::uint32_t sum) {
        store(summary, at,
              SummaryEntry{i.number, i.index, sum, static_cast<std::uint32_t>(i.kind)});
        at += sizeof(SummaryEntry);
    };
    for (std::uint32_t i = 0; i < count_; ++i) {
        if (metadata(blocks_[i].kind)) seal_block(block(1 + i));
        put(blocks_[i], checksum(block(1 + i)));
    }
    for (std::uint32_t i = 0; i < event_count_; ++i) put(events_[i], 0);
    seal_block(summary);
}

// The last `usages` events are for this write alone, should it fail.
Result<void> Writer::write(std::uint32_t flags, std::uint32_t usages) {
    if (position_.segment == none) {
        event_count_ -= usages;
        return error(Error::no_space);
    }
    seal(flags);
    const auto bytes = buffer_.first(std::size_t{count_ + 1} * block_bytes);
    if (const auto written = device_->write(first_ - 1, bytes); !written) {
        event_count_ -= usages;
        return written;
    }
    // The cache has them from memory; to read them back would be a waste.
    for (std::uint32_t i = 0; i < count_; ++i) {
        if (blocks_[i].kind != BlockKind::dead) cache_->put(first_ + i, block(1 + i));
    }
    cache_->put(first_ - 1, block(0));
    statistics_.written += count_ + 1;
    unflushed_ = true;
    uncommitted_ = (flags & summary_commit) == 0;
    position_.previous = load<std::uint32_t>(block(0), checksum_at);
    ++position_.number;
    ++position_.clock;
    position_.offset += 1 + count_;
    advance((flags & summary_last) != 0);
    open();
    return {};
}

Result<void> Writer::skip() { return write(summary_last, 0); }

// On to the next segment, where this one has no room for a summary and two blocks at least.
void Writer::advance(bool last) {
    if (!last && geometry_.segment_blocks - position_.offset >= tail_min) return;
    position_.segment = position_.next;
    position_.offset = 0;
    position_.next = none;
    find_next();
}

}  // namespace libos::fs::log
