/// Attributes, and extended ones.

#include <algorithm>

#include "kernel/base/result.hpp"
#include "libos/fs/cofs/cofs.hpp"
#include "libos/fs/cofs/file/attribute.hpp"
#include "libos/fs/posix/name.hpp"

namespace libos::fs::cofs {

namespace {

constexpr std::uint64_t same_hash = 256;

Key first_of(std::uint64_t number, std::string_view name) {
    return key(number, ItemType::attribute, name_hash(name) * same_hash);
}

Key last_of(Key first) { return {first.object, first.place + same_hash - 1}; }

}  // namespace

Result<Attributes> Cofs::attributes(Inode inode) {
    if (store_.failed()) return error(Error::io);
    const File file = TRY(inodes_.load(static_cast<std::uint64_t>(inode)));
    const Body& body = file.body;
    return Attributes{.inode = inode,
                      .kind = file.kind(),
                      .mode = static_cast<std::uint16_t>(body.mode & 07777),
                      .links = body.links,
                      .user = body.user,
                      .group = body.group,
                      .size = body.size,
                      .blocks = body.blocks * (block_bytes / 512),
                      .accessed = {body.accessed, body.accessed_ns},
                      .modified = {body.modified, body.modified_ns},
                      .changed = {body.changed, body.changed_ns}};
}

Result<void> Cofs::set_attributes(Inode inode, const AttributeChange& change) {
    if (store_.failed()) return error(Error::io);
    constexpr std::uint32_t second = 1'000'000'000;
    if (change.has_accessed && change.accessed.nanoseconds >= second) {
        return error(Error::invalid);
    }
    if (change.has_modified && change.modified.nanoseconds >= second) {
        return error(Error::invalid);
    }
    File file = TRY(inodes_.load(static_cast<std::uint64_t>(inode)));
    Body& body = file.body;
    if (change.has_mode) body.mode = (body.mode & ~07777u) | (change.mode & 07777u);
    if (change.has_owner) {
        body.user = change.user;
        body.group = change.group;
    }
    if (change.has_accessed) {
        body.accessed = change.accessed.seconds;
        body.accessed_ns = change.accessed.nanoseconds;
    }
    stamp(body, false);
    if (change.has_modified) {
        body.modified = change.modified.seconds;
        body.modified_ns = change.modified.nanoseconds;
    }
    TRY(store_.begin(Effect::shrinks));
    return store_.acted(inodes_.save(file));
}

// Where an attribute of that name lies. Error::no_attribute.
Result<Key> Cofs::attribute_at(std::uint64_t number, std::string_view name) {
    const Key first = first_of(number, name);
    Key from = first;
    for (std::uint64_t i = 0; i < same_hash; ++i) {
        const Item item = TRY(store_.tree().lower_bound(from, last_of(first)));
        if (!item) break;
        if (TRY(attribute_view(item.value)).name == name) return item.key;
        from = next(item.key);
    }
    return error(Error::no_attribute);
}

Result<std::size_t> Cofs::get_attribute(Inode inode, std::string_view name,
                                        std::span<std::byte> into) {
    if (store_.failed()) return error(Error::io);
    TRY(posix::check_attribute_name(name));
    const File file = TRY(inodes_.load(static_cast<std::uint64_t>(inode)));
    const Key at = TRY(attribute_at(file.number, name));
    const Item item = TRY(store_.tree().find(at));
    if (!item) return error(Error::corrupt);
    const auto value = TRY(attribute_view(item.value)).value;
    if (into.empty()) return value.size();
    if (into.size() < value.size()) return error(Error::range);
    std::ranges::copy(value, into.begin());
    return value.size();
}

Result<void> Cofs::set_attribute(Inode inode, std::string_view name,
                                 std::span<const std::byte> value) {
    if (store_.failed()) return error(Error::io);
    TRY(posix::check_attribute_name(name));
    File file = TRY(inodes_.load(static_cast<std::uint64_t>(inode)));
    if (value.size() > attribute_max) return error(Error::no_space);
    auto found = attribute_at(file.number, name);
    if (!found && found.error() == Error::no_attribute) {
        Key at = first_of(file.number, name);
        for (std::uint64_t i = 0; i < same_hash; ++i, at = next(at)) {
            if (TRY(store_.tree().find(at))) continue;
            found = at;
            break;
        }
        if (!found) return error(Error::no_space);
    }
    const Key at = TRY(found);
    std::array<std::byte, payload_max> item;
    const AttributeHead head{static_cast<std::uint16_t>(name.size()),
                             static_cast<std::uint16_t>(value.size())};
    cofs::store(item, 0, head);
    std::ranges::copy(std::as_bytes(std::span{name}), item.begin() + sizeof head);
    std::ranges::copy(value, item.begin() + sizeof head + name.size());
    TRY(store_.begin(Effect::grows));
    TRY(store_.acted(store_.tree().put(
        at, std::span{item}.first(sizeof head + name.size() + value.size()))));
    stamp(file.body, false);
    return store_.acted(inodes_.save(file));
}

Result<void> Cofs::remove_attribute(Inode inode, std::string_view name) {
    if (store_.failed()) return error(Error::io);
    TRY(posix::check_attribute_name(name));
    File file = TRY(inodes_.load(static_cast<std::uint64_t>(inode)));
    const Key at = TRY(attribute_at(file.number, name));
    TRY(store_.begin(Effect::shrinks));
    TRY(store_.acted(store_.tree().erase(at)));
    stamp(file.body, false);
    return store_.acted(inodes_.save(file));
}

Result<std::size_t> Cofs::list_attributes(Inode inode, std::span<std::byte> into) {
    if (store_.failed()) return error(Error::io);
    const File file = TRY(inodes_.load(static_cast<std::uint64_t>(inode)));
    const Key last = key(file.number, ItemType::attribute, Key::offset_max);
    std::size_t bytes = 0;
    for (Key from = key(file.number, ItemType::attribute);;) {
        const Item item = TRY(store_.tree().lower_bound(from, last));
        if (!item) return bytes;
        const std::string_view name = TRY(attribute_view(item.value)).name;
        if (!into.empty()) {
            if (into.size() - bytes < name.size() + 1) return error(Error::range);
            std::ranges::copy(std::as_bytes(std::span{name}), into.begin() + bytes);
            into[bytes + name.size()] = std::byte{0};
        }
        bytes += name.size() + 1;
        from = next(item.key);
    }
}

}  // namespace libos::fs::cofs
