#pragma once

/// The device, and what was written to it since its last flush.
///
/// A superblock may list that with checksums, so that one flush makes a commit durable: a mount
/// after a crash sees whether all of it arrived (README.md).
///
/// Invariant: while complete(), unflushed() has each block that was written since the last flush
/// once, with the checksum of what was written last.

#include <cstdint>
#include <span>

#include "kernel/base/arena.hpp"
#include "libos/fs/cofs/layout.hpp"
#include "libos/fs/device_ref.hpp"

namespace libos::fs::cofs {

class Disk {
public:
    Disk(DeviceRef device, bool lists) : device_{device}, lists_{lists} {}

    static std::size_t room() { return kernel::base::Arena::room<Written>(listed_max); }
    void build(kernel::base::Arena& arena) { list_ = arena.take<Written>(listed_max); }

    [[nodiscard]] std::uint32_t blocks() const { return device_.blocks(); }
    Result<void> read(BlockNumber first, std::span<std::byte> into) {
        return device_.read(first, into);
    }
    /// Whole blocks, which are listed.
    Result<void> write(BlockNumber first, std::span<const std::byte> from);
    /// A superblock, which lists others.
    Result<void> write_superblock(BlockNumber at, std::span<const std::byte> from) {
        return device_.write(at, from);
    }
    Result<void> flush();

    /// Takes from the list the blocks that `needed(block)` is false for: they may change before
    /// anybody looks at them.
    template <class Needed>
    void keep(Needed needed) {
        std::uint32_t kept = 0;
        for (std::uint32_t i = 0; i < count_; ++i) {
            if (needed(list_[i].block)) list_[kept++] = list_[i];
        }
        count_ = kept;
    }
    /// Everything written since the last flush is listed. Never of a disk that does not list.
    [[nodiscard]] bool complete() const { return complete_; }
    [[nodiscard]] std::span<const Written> unflushed() const { return list_.first(count_); }
    /// Is on the disk what a superblock's `list` says? A block that cannot be read does not tell:
    /// that is the medium's fault, and whoever needs it sees. Nothing is unflushed; `scratch`, a
    /// block, is overwritten, and `list` may lie in it.
    [[nodiscard]] bool arrived(std::span<const std::byte> list, std::span<std::byte> scratch);

private:
    void note(BlockNumber block, std::span<const std::byte> bytes);

    DeviceRef device_;
    std::span<Written> list_;
    std::uint32_t count_ = 0;
    bool lists_;
    bool complete_ = lists_;
};

}  // namespace libos::fs::cofs
