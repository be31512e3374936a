#include "libos/fs/log/file/inodes.hpp"

#include "kernel/base/result.hpp"

namespace libos::fs::log {

Result<void> check_node(const Inode4k& node) {
    constexpr std::uint32_t second = 1'000'000'000;
    const bool directory = node.mode >> 12 == static_cast<std::uint32_t>(Kind::directory);
    const bool good =
        node.mode >> 12 <= static_cast<std::uint32_t>(Kind::symlink) &&
        node.size <= file_size_max && node.links <= links_max && node.accessed_ns < second &&
        node.modified_ns < second && node.changed_ns < second && node.embedded <= 1 &&
        (node.embedded == 0 || (!directory && node.size <= content_bytes)) &&
        node.depth <= directory_levels_max && (directory || node.depth == 0) &&
        node.attribute_depth <= attribute_levels_max;
    if (!good) return error(Error::corrupt);
    return {};
}

Result<std::span<const std::byte>> Inodes::block(std::uint64_t number) {
    const auto entry = store_->inodes().find(number);
    if (!entry) return error(Error::stale);
    return store_->read(entry->address, {BlockKind::inode, number, 0});
}

Result<File> Inodes::load(std::uint64_t number) {
    const File file{number, fs::load<Inode4k>(TRY(block(number)))};
    TRY(check_node(file.node));
    return file;
}

Result<std::span<std::byte>> Inodes::change(std::uint64_t number) {
    const auto entry = store_->inodes().find(number);
    const Address before = entry ? entry->address : 0;
    const Address after = TRY(store_->move(before, {BlockKind::inode, number, 0}));
    if (after != before) {
        const bool orphan = entry && (entry->generation & orphan_bit) != 0;
        store_->inodes().place(number, after, orphan);
    }
    return store_->writer().bytes(after);
}

Result<void> Inodes::save(const File& file) {
    TRY(store_->reserve(1));
    const auto bytes = TRY(change(file.number));
    Inode4k node = file.node;
    node.head = fs::load<BlockHead>(bytes);
    store(bytes, 0, node);
    store_->inodes().set_orphan(file.number, node.links == 0);
    return {};
}

}  // namespace libos::fs::log
