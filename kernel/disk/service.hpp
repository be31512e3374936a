// Service: how long a disk takes, in virtual time, from its profile alone.
//
// Why a model and not the device: with one clock the Instant of an answer must be the same on
// every machine (design 0004). What is modelled is what policies can notice:
// - a command's fixed time, and as many commands at once as the medium has channels (its caller
//   keeps to that);
// - an arm: a seek of a time linear between three points of the distance, as data sheets give it,
//   then the rest of a turn until the block is there; the block behind the last one needs neither;
// - a volatile write cache: a write is done when the cache has it. The medium works that off,
//   reads of an arm go first, a flush waits for it, and a write that finds the cache full waits
//   for room.
// Not modelled: reordering inside the device, zones, read-ahead, garbage collection.
// Source: Ruemmler, Wilkes, An Introduction to Disk Drive Modeling, IEEE Computer 27(3), 1994.
//
// Invariants: integers only; `start` is a function of the calls before it.
#pragma once

#include "kernel/abi/bundle.hpp"
#include "kernel/abi/disk.hpp"
#include "kernel/base/order.hpp"

namespace kernel::disk {

using abi::DiskOp;
using abi::Instant;

class Service {
public:
    Service() = default;
    // `profile` is sane (bundle_check); `blocks` of the disk.
    Service(const abi::ServiceProfile& profile, std::uint32_t blocks)
        : profile_{profile}, blocks_{blocks} {}

    // Requests at once.
    std::uint32_t channels() const {
        return base::min(profile_.channels, abi::disk_requests_max);
    }

    // When a request given to the disk at `now` is done: blocks [block, block + count).
    Instant start(Instant now, DiskOp op, std::uint32_t block, std::uint32_t count) {
        const std::uint64_t begun = now.value + profile_.command;
        switch (op) {
            case DiskOp::read: return Instant{read(begun, block, count)};
            case DiskOp::write:
                if (profile_.cache_blocks != 0) return Instant{cache(begun, block, count)};
                [[fallthrough]];
            case DiskOp::write_fua: return Instant{write(begun, block, count)};
            default: return Instant{base::max(begun, medium_free_) + profile_.flush};
        }
    }

private:
    std::uint64_t read(std::uint64_t begun, std::uint32_t block, std::uint32_t count) {
        const std::uint64_t done = begun + position(begun, block) + profile_.read_access +
                                   std::uint64_t{count} * profile_.read_block;
        head_ = block + count;
        // An arm does one thing at a time: what the cache holds is put down later.
        if (moves() && medium_free_ > begun) medium_free_ += done - begun;
        return done;
    }

    std::uint64_t writing(std::uint64_t begun, std::uint32_t block, std::uint32_t count) {
        const std::uint64_t span = position(begun, block) + profile_.write_access +
                                   std::uint64_t{count} * profile_.write_block;
        head_ = block + count;
        return span;
    }

    std::uint64_t write(std::uint64_t begun, std::uint32_t block, std::uint32_t count) {
        const std::uint64_t from = moves() ? base::max(begun, medium_free_) : begun;
        const std::uint64_t done = from + writing(from, block, count);
        if (moves()) medium_free_ = done;
        return done;
    }

    std::uint64_t cache(std::uint64_t begun, std::uint32_t block, std::uint32_t count) {
        const std::uint64_t cached = begun + std::uint64_t{count} * profile_.cache_block;
        const std::uint64_t from = base::max(cached, medium_free_);
        medium_free_ = from + writing(from, block, count) / profile_.channels;
        // What the medium is behind by is what the cache holds.
        const std::uint64_t room =
            std::uint64_t{profile_.cache_blocks} * profile_.write_block / profile_.channels;
        return medium_free_ > room ? base::max(cached, medium_free_ - room) : cached;
    }

    bool moves() const { return profile_.seek_full != 0 || profile_.rotation != 0; }

    // Until the arm is over the block, and the block under it.
    std::uint64_t position(std::uint64_t at, std::uint32_t block) const {
        if (!moves() || block == head_) return 0;
        const std::uint64_t span = seek(block > head_ ? block - head_ : head_ - block);
        return span + turn(at + span, block);
    }

    std::uint64_t seek(std::uint64_t distance) const {
        if (profile_.seek_full == 0 || distance < profile_.track_blocks) return 0;
        const std::uint64_t knee = std::uint64_t{blocks_} * profile_.knee_permille / 1000;
        if (distance < knee) return between(profile_.settle, profile_.seek_knee, distance, knee);
        return between(profile_.seek_knee, profile_.seek_full, distance - knee, blocks_ - knee);
    }

    static std::uint64_t between(std::uint64_t low, std::uint64_t high, std::uint64_t part,
                                 std::uint64_t whole) {
        return whole == 0 ? high : low + (high - low) * part / whole;
    }

    std::uint64_t turn(std::uint64_t at, std::uint32_t block) const {
        const std::uint64_t whole = profile_.rotation;
        if (whole == 0) return 0;
        const std::uint64_t angle = at % whole;
        const std::uint64_t target =
            std::uint64_t{block % profile_.track_blocks} * whole / profile_.track_blocks;
        return target >= angle ? target - angle : target + whole - angle;
    }

    abi::ServiceProfile profile_{};
    std::uint32_t blocks_ = 0;
    std::uint32_t head_ = 0;         // the block behind the last one the arm was over
    std::uint64_t medium_free_ = 0;  // when all that was written is on the medium
};

}  // namespace kernel::disk
