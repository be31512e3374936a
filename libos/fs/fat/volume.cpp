#include "libos/fs/fat/volume.hpp"

#include "kernel/base/order.hpp"
#include "kernel/base/result.hpp"

namespace libos::fs::fat {

Result<void> Volume::open() {
    std::array<std::byte, boot_bytes> sector;
    if (device_bytes() < boot_bytes) return error(Error::corrupt);
    TRY(read(0, sector));
    geometry_ = TRY(Geometry::read(sector, device_bytes()));
    dirty_ = false;
    was_dirty_ = TRY(marked());
    return {};
}

Result<void> Volume::close() {
    TRY(flush());
    if (!dirty_ || was_dirty_) return {};
    TRY(mark(false));
    dirty_ = false;
    return flush();
}

Volume::Piece Volume::piece(std::uint64_t offset, std::uint64_t length) const {
    const std::uint64_t size = blocks_.block_size();
    const std::uint64_t begin = offset % size;
    return {.block = offset / size,
            .begin = static_cast<std::size_t>(begin),
            .length = static_cast<std::size_t>(kernel::base::min(length, size - begin))};
}

Result<void> Volume::read(std::uint64_t offset, std::span<std::byte> into) {
    while (!into.empty()) {
        const Piece part = piece(offset, into.size());
        const auto bytes = TRY(blocks_.read(part.block));
        std::memcpy(into.data(), bytes.data() + part.begin, part.length);
        into = into.subspan(part.length);
        offset += part.length;
    }
    return {};
}

/// A block that is changed whole is not read before.
Result<std::span<std::byte>> Volume::to_change(const Piece& part) {
    const bool whole = part.length == blocks_.block_size();
    const auto bytes = TRY(whole ? blocks_.fresh(part.block) : blocks_.change(part.block));
    return bytes.subspan(part.begin, part.length);
}

Result<void> Volume::write(std::uint64_t offset, std::span<const std::byte> from) {
    TRY(before_change());
    while (!from.empty()) {
        const Piece part = piece(offset, from.size());
        const auto bytes = TRY(to_change(part));
        std::memcpy(bytes.data(), from.data(), part.length);
        from = from.subspan(part.length);
        offset += part.length;
    }
    return {};
}

Result<void> Volume::zero(std::uint64_t offset, std::uint64_t length) {
    TRY(before_change());
    while (length > 0) {
        const Piece part = piece(offset, length);
        const auto bytes = TRY(to_change(part));
        std::memset(bytes.data(), 0, part.length);
        length -= part.length;
        offset += part.length;
    }
    return {};
}

Result<Slot> Volume::slot(std::uint64_t offset) { return load_at<Slot>(offset); }

Result<void> Volume::set_slot(std::uint64_t offset, const Slot& slot) {
    return store_at(offset, slot);
}

/// The boot sector's bit, or the one in FAT[1] (FAT12 has none there).
Result<bool> Volume::marked() {
    const auto state = TRY(load_at<std::uint8_t>(geometry_.state_offset()));
    if ((state & boot::state_dirty) != 0) return true;
    const std::uint64_t fat = geometry_.fat_start + geometry_.active_fat * geometry_.fat_bytes;
    if (geometry_.type == Type::fat16) {
        return (TRY(load_at<std::uint16_t>(fat + 2)) & clean_bit16) == 0;
    }
    if (geometry_.type == Type::fat32) {
        return (TRY(load_at<std::uint32_t>(fat + 4)) & clean_bit32) == 0;
    }
    return false;
}

Result<void> Volume::mark(bool dirty) {
    dirty_ = true;  // what follows is a change as well
    const auto state = TRY(load_at<std::uint8_t>(geometry_.state_offset()));
    const std::uint8_t changed = static_cast<std::uint8_t>(
        dirty ? state | boot::state_dirty : state & ~boot::state_dirty);
    TRY(store_at(geometry_.state_offset(), changed));
    return mark_fat(dirty);
}

Result<void> Volume::mark_fat(bool dirty) {
    if (geometry_.type == Type::fat12) return {};
    const bool small = geometry_.type == Type::fat16;
    for (std::uint32_t copy = 0; copy < geometry_.fats; ++copy) {
        if (!geometry_.mirrored && copy != geometry_.active_fat) continue;
        const std::uint64_t fat = geometry_.fat_start + copy * geometry_.fat_bytes;
        const std::uint64_t where = fat + (small ? 3 : 7);
        const std::uint8_t bit = small ? clean_bit16 >> 8 : clean_bit32 >> 24;
        const auto value = TRY(load_at<std::uint8_t>(where));
        const std::uint8_t changed =
            static_cast<std::uint8_t>(dirty ? value & ~bit : value | bit);
        TRY(store_at(where, changed));
    }
    return {};
}

Result<void> Volume::before_change() {
    if (dirty_) return {};
    if (was_dirty_) {
        dirty_ = true;
        return {};
    }
    const auto done = [this]() -> Result<void> {
        TRY(mark(true));
        return flush();
    }();
    if (!done) dirty_ = false;
    return done;
}

}  // namespace libos::fs::fat
