/// Attributes, and extended ones.

#include <algorithm>

#include "kernel/base/result.hpp"
#include "libos/fs/log/log.hpp"

namespace libos::fs::log {

Result<Attributes> Log::attributes(Inode inode) {
    const File file = TRY(load(inode));
    const Inode4k& node = file.node;
    return Attributes{.inode = inode,
                      .kind = file.kind(),
                      .mode = static_cast<std::uint16_t>(node.mode & 07777),
                      .links = node.links,
                      .user = node.user,
                      .group = node.group,
                      .size = node.size,
                      .blocks = node.blocks * (block_bytes / 512),
                      .accessed = {node.accessed, node.accessed_ns},
                      .modified = {node.modified, node.modified_ns},
                      .changed = {node.changed, node.changed_ns}};
}

Result<void> Log::set_attributes(Inode inode, const AttributeChange& change) {
    if (store_.failed()) return error(Error::io);
    constexpr std::uint32_t second = 1'000'000'000;
    if (change.has_accessed && change.accessed.nanoseconds >= second) {
        return error(Error::invalid);
    }
    if (change.has_modified && change.modified.nanoseconds >= second) {
        return error(Error::invalid);
    }
    File file = TRY(load(inode));
    Inode4k& node = file.node;
    if (change.has_mode) node.mode = (node.mode & ~07777u) | (change.mode & 07777u);
    if (change.has_owner) {
        node.user = change.user;
        node.group = change.group;
    }
    if (change.has_accessed) {
        node.accessed = change.accessed.seconds;
        node.accessed_ns = change.accessed.nanoseconds;
    }
    stamp(node, false);
    if (change.has_modified) {
        node.modified = change.modified.seconds;
        node.modified_ns = change.modified.nanoseconds;
    }
    TRY(begin(Effect::shrinks));
    return store_.acted(inodes_.save(file));
}

Result<std::size_t> Log::get_attribute(Inode inode, std::string_view name,
                                       std::span<std::byte> into) {
    if (store_.failed()) return error(Error::io);
    TRY(posix::check_attribute_name(name));
    const File file = TRY(load(inode));
    const auto found = TRY(records_.find(file, Table::attributes, name));
    if (!found) return error(Error::no_attribute);
    const auto text = TRY(records_.text(file, Table::attributes, *found));
    const auto value = text.subspan(found->head.name_bytes);
    if (into.empty()) return value.size();
    if (into.size() < value.size()) return error(Error::range);
    std::ranges::copy(value, into.begin());
    return value.size();
}

Result<void> Log::set_attribute(Inode inode, std::string_view name,
                                std::span<const std::byte> value) {
    if (store_.failed()) return error(Error::io);
    TRY(posix::check_attribute_name(name));
    File file = TRY(load(inode));
    if (value.size() > attribute_max) return error(Error::no_space);
    const auto old = TRY(records_.find(file, Table::attributes, name));
    const bool fits =
        old && sizeof(RecordHead) + name.size() + value.size() <= old->head.bytes;
    const std::uint64_t block =
        fits ? old->position / block_bytes
             : TRY(records_.vacancy(file, Table::attributes, name, value.size()));
    constexpr std::uint32_t attribute_blocks = 3;
    TRY(begin(Effect::grows, attribute_blocks));
    return store_.acted(act_set_attribute(file, name, value, block, old));
}

Result<void> Log::act_set_attribute(File& file, std::string_view name,
                                    std::span<const std::byte> value, std::uint64_t block,
                                    const Records::Found& old) {
    if (old) TRY(records_.remove(file, Table::attributes, *old));
    TRY(records_.insert(file, Table::attributes, block, {}, name, value));
    stamp(file.node, false);
    return inodes_.save(file);
}

Result<void> Log::remove_attribute(Inode inode, std::string_view name) {
    if (store_.failed()) return error(Error::io);
    TRY(posix::check_attribute_name(name));
    File file = TRY(load(inode));
    const auto found = TRY(records_.find(file, Table::attributes, name));
    if (!found) return error(Error::no_attribute);
    TRY(begin(Effect::shrinks));
    TRY(store_.acted(records_.remove(file, Table::attributes, *found)));
    stamp(file.node, false);
    return store_.acted(inodes_.save(file));
}

Result<std::size_t> Log::list_attributes(Inode inode, std::span<std::byte> into) {
    const File file = TRY(load(inode));
    std::size_t bytes = 0;
    for (std::uint64_t at = 0;;) {
        const auto found = TRY(records_.next(file, Table::attributes, at));
        if (!found) return bytes;
        const std::size_t name = found->head.name_bytes;
        if (!into.empty()) {
            if (into.size() - bytes < name + 1) return error(Error::range);
            const auto text = TRY(records_.text(file, Table::attributes, *found));
            std::ranges::copy(text.first(name), into.begin() + bytes);
            into[bytes + name] = std::byte{0};
        }
        bytes += name + 1;
        at = found->position + 1;
    }
}

}  // namespace libos::fs::log
