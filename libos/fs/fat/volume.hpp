#pragma once

/// Volume: a FAT volume's bytes by offset, through the block cache, and its mark "in use".
///
/// Why offsets: a device's blocks and a volume's sectors may differ in size; only this class knows
/// of blocks.
///
/// Invariants: before the first change after open(), the mark "not properly unmounted" is on the
/// device; it is taken off by close() only where it was not there at open().

#include "libos/fs/cache/blocks.hpp"
#include "libos/fs/fat/geometry.hpp"

namespace libos::fs::fat {

class Volume {
public:
    explicit Volume(cache::Blocks blocks) : blocks_{blocks} {}

    /// Reads the geometry. Error::corrupt, Error::io.
    Result<void> open();
    /// Everything durable, the mark taken off.
    Result<void> close();
    Result<void> flush() { return blocks_.flush(); }
    /// The block cache's clock.
    void set_time(std::uint64_t now_ns) { blocks_.set_time(now_ns); }

    [[nodiscard]] const Geometry& geometry() const { return geometry_; }
    [[nodiscard]] std::uint64_t device_bytes() const {
        return blocks_.blocks() * blocks_.block_size();
    }
    /// The volume was not properly unmounted before it was opened.
    [[nodiscard]] bool was_dirty() const { return was_dirty_; }
    /// For a repair that found, or left, nothing wrong.
    void believe_clean() { was_dirty_ = false; dirty_ = true; }

    /// Error::io; Error::invalid outside the device.
    Result<void> read(std::uint64_t offset, std::span<std::byte> into);
    Result<void> write(std::uint64_t offset, std::span<const std::byte> from);
    Result<void> zero(std::uint64_t offset, std::uint64_t length);

    Result<Slot> slot(std::uint64_t offset);
    Result<void> set_slot(std::uint64_t offset, const Slot& slot);

    template <class T>
    Result<T> load_at(std::uint64_t offset) {
        T value{};
        const auto done = read(offset, std::as_writable_bytes(std::span{&value, 1}));
        if (!done) return error(done.error());
        return value;
    }
    template <class T>
    Result<void> store_at(std::uint64_t offset, T value) {
        return write(offset, std::as_bytes(std::span{&value, 1}));
    }

private:
    struct Piece {
        std::uint64_t block;
        std::size_t begin;
        std::size_t length;
    };
    [[nodiscard]] Piece piece(std::uint64_t offset, std::uint64_t length) const;
    Result<std::span<std::byte>> to_change(const Piece& piece);
    Result<bool> marked();
    Result<void> mark(bool dirty);
    Result<void> mark_fat(bool dirty);
    Result<void> before_change();

    cache::Blocks blocks_;
    Geometry geometry_;
    bool was_dirty_ = false;
    bool dirty_ = false;  ///< the mark is set by us
};

}  // namespace libos::fs::fat
