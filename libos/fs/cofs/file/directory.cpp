#include "libos/fs/cofs/file/directory.hpp"

#include <algorithm>
#include <array>

#include "kernel/base/result.hpp"

namespace libos::fs::cofs {

namespace {

constexpr std::uint64_t same_hash = 256;

Key first_of(std::uint64_t directory, std::string_view name) {
    return key(directory, ItemType::entry, name_hash(name) * same_hash);
}

Key last_of(Key first) { return {first.object, first.place + same_hash - 1}; }

}  // namespace

Result<Found> Directory::find(std::uint64_t directory, std::string_view name) {
    const Key first = first_of(directory, name);
    Key from = first;
    for (std::uint64_t i = 0; i < same_hash; ++i) {
        const Item item = TRY(store_->tree().lower_bound(from, last_of(first)));
        if (!item) break;
        const EntryView entry = TRY(entry_view(item.value));
        if (entry.name == name) return Found{item.key, entry.head};
        from = next(item.key);
    }
    return Found{};
}

Result<Key> Directory::vacancy(std::uint64_t directory, std::string_view name) {
    Key at = first_of(directory, name);
    for (std::uint64_t i = 0; i < same_hash; ++i, at = next(at)) {
        if (!TRY(store_->tree().find(at))) return at;
    }
    return error(Error::no_space);
}

Result<bool> Directory::empty(std::uint64_t directory) {
    const Item item = TRY(store_->tree().lower_bound(
        key(directory, ItemType::entry), key(directory, ItemType::entry, Key::offset_max)));
    return !item;
}

Result<void> Directory::put(Key at, std::string_view name, std::uint64_t inode, Kind kind,
                            const Body* body) {
    std::array<std::byte, payload_max> value;
    const EntryHead head{inode, static_cast<std::uint8_t>(kind),
                         static_cast<std::uint8_t>(body != nullptr ? 1 : 0),
                         static_cast<std::uint16_t>(name.size()), 0};
    std::size_t bytes = 0;
    cofs::store(value, bytes, head);
    bytes += sizeof head;
    if (body != nullptr) {
        cofs::store(value, bytes, *body);
        bytes += sizeof *body;
    }
    std::ranges::copy(std::as_bytes(std::span{name}), value.data() + bytes);
    return store_->tree().put(at, std::span{value}.first(bytes + name.size()));
}

}  // namespace libos::fs::cofs
