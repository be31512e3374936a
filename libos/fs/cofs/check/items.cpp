/// The items, in the order of their keys.

#include <algorithm>

#include "kernel/base/result.hpp"
#include "libos/fs/cofs/check/checker.hpp"
#include "libos/fs/cofs/file/attribute.hpp"
#include "libos/fs/cofs/file/directory.hpp"
#include "libos/fs/checksum.hpp"

namespace libos::fs::cofs {

// The first item from `from` on, copied. False: there is none.
Result<bool> Checker::read_item(Key from, Key& at, Value& value) {
    const Item item = TRY(store_.tree().lower_bound(from, key_max));
    if (!item) return false;
    at = item.key;
    value.size = item.value.size();
    std::ranges::copy(item.value, value.bytes.begin());
    return true;
}

Result<void> Checker::erase(Problem problem, Key at, const Value& value) {
    found(problem, at.object, 0, repair_);
    if (!repair_) return {};
    TRY(store_.begin(Effect::shrinks));
    if (at.type() == ItemType::map) {
        if (const auto map = Chunk::decode(value.span())) {
            for (const BlockNumber block : map->block) {
                if (block != 0) static_cast<void>(store_.release(block));
            }
        }
    }
    changed_ = true;
    return store_.tree().erase(at);
}

Result<void> Checker::save(Problem problem, const File& file) {
    found(problem, file.number, 0, repair_);
    if (!repair_) return {};
    TRY(store_.begin(Effect::shrinks));
    changed_ = true;
    return inodes_.save(file);
}

Result<void> Checker::check_items() {
    sums_ = {};
    files_ = 0;
    report_.directories = 0;
    Value value;
    Key at;
    for (Key from{}; TRY(read_item(from, at, value)); from = next(at)) {
        if (at.object != sums_.number) {
            TRY(finish_inode());
            sums_ = {};
        }
        TRY(check_item(at, value));
        if (at == key_max) break;
    }
    TRY(finish_inode());
    check_root();
    if (files_ == store_.transaction().files) return {};
    found(Problem::file_count_wrong, 0, 0, repair_);
    if (!repair_) return {};
    store_.transaction().files = files_;
    store_.transaction().changed = true;
    changed_ = true;
    return {};
}

Result<void> Checker::check_item(Key at, const Value& value) {
    switch (at.type()) {
        case ItemType::inode: return check_inode(at, value);
        case ItemType::entry: return check_entry(at, value);
        case ItemType::map: return check_map(at, value);
        case ItemType::orphan:
            return at.object == 0 && check_orphan(at) ? Result<void>{}
                                                      : erase(Problem::orphan_wrong, at, value);
        case ItemType::attribute: return check_attribute(at, value);
        case ItemType::text: return check_text(at, value);
    }
    return erase(Problem::item_malformed, at, value);
}

Result<void> Checker::check_inode(Key at, const Value& value) {
    if (at.offset() != 0 || at.object == 0) return erase(Problem::item_malformed, at, value);
    const auto file = inodes_.load(at.object);
    if (!file) {
        const bool home = value.size == sizeof(Home);
        return erase(home ? Problem::home_wrong : Problem::item_malformed, at, value);
    }
    sums_ = {.number = at.object};
    ++files_;
    if (at.object < store_.transaction().next_inode) return {};
    found(Problem::inode_number_wrong, at.object, 0, repair_);
    if (repair_) {
        store_.transaction().next_inode = at.object + 1;
        store_.transaction().changed = true;
        changed_ = true;
    }
    return {};
}

Result<void> Checker::check_entry(Key at, const Value& value) {
    const auto entry = entry_view(value.span());
    if (!entry) return erase(Problem::item_malformed, at, value);
    const bool inside = sums_.number == at.object;
    const auto directory = inodes_.load(at.object);
    if (!inside || !directory || directory->kind() != Kind::directory) {
        return erase(Problem::entry_without_directory, at, value);
    }
    const auto file = inodes_.load(entry->head.inode);
    const bool embedded = entry->head.embedded != 0;
    const bool good = file && file->kind() == entry->kind() && file->embedded() == embedded &&
                      (!embedded || file->at == at) &&
                      (embedded || file->kind() != Kind::directory);
    if (!good) return erase(Problem::entry_without_inode, at, value);
    if (name_hash(entry->name) != at.offset() >> 8) {
        return erase(Problem::entry_misplaced, at, value);
    }
    sums_.name_bytes += entry->name.size();
    if (entry->kind() == Kind::directory) ++sums_.directories;
    return {};
}

Result<void> Checker::check_attribute(Key at, const Value& value) {
    if (sums_.number != at.object) return erase(Problem::item_without_inode, at, value);
    const auto view = attribute_view(value.span());
    if (view && name_hash(view->name) == at.offset() >> 8) return {};
    return erase(Problem::item_malformed, at, value);
}

// Parts come without gaps, all but the last of them full.
Result<void> Checker::check_text(Key at, const Value& value) {
    if (sums_.number != at.object) return erase(Problem::item_without_inode, at, value);
    const bool good = at.offset() * text_part == sums_.text_bytes && value.size <= text_part;
    if (!good) return erase(Problem::item_malformed, at, value);
    sums_.text_bytes += value.size;
    return {};
}

Result<void> Checker::check_map(Key at, const Value& value) {
    const auto map = Chunk::decode(value.span());
    if (!map) return erase(Problem::item_malformed, at, value);
    if (sums_.number != at.object) return erase(Problem::item_without_inode, at, value);
    for (std::uint32_t i = 0; i < chunk_blocks; ++i) {
        const BlockNumber block = map->block[i];
        if (block == 0) continue;
        ++sums_.blocks;
        const auto ref = store_.cache().read(block, Content::data);
        if (!ref || (!ref->verified() && checksum(ref->bytes()) != map->checksum[i])) {
            found(Problem::data_damaged, at.object, block, false);
        }
    }
    return {};
}

// An orphan is an inode without names whose body lies in its own item.
Result<void> Checker::check_orphan(Key at) {
    const auto file = inodes_.load(at.offset());
    if (!file || file->embedded() || file->body.links != 0) return error(Error::corrupt);
    return {};
}

// The inode's own word against the sums of its items.
Result<void> Checker::finish_inode() {
    if (sums_.number == 0) return {};
    auto loaded = inodes_.load(sums_.number);
    if (!loaded) return {};
    File& file = *loaded;
    if (file.body.blocks != sums_.blocks) {
        file.body.blocks = sums_.blocks;
        TRY(save(Problem::block_count_wrong, file));
    }
    if (file.kind() == Kind::symlink && file.body.size != sums_.text_bytes) {
        file.body.size = sums_.text_bytes;
        TRY(save(Problem::link_text_wrong, file));
    }
    if (file.body.links == 0) {
        const Key orphan = key(0, ItemType::orphan, file.number);
        if (!TRY(store_.tree().find(orphan))) {
            found(Problem::orphan_wrong, file.number, 0, repair_);
            if (repair_ && !file.embedded()) {
                TRY(store_.begin(Effect::grows));
                TRY(store_.tree().put(orphan, {}));
                changed_ = true;
            }
        }
        return {};
    }
    if (file.kind() == Kind::directory) return check_directory(file);
    if (file.embedded() && file.body.links != 1) {
        file.body.links = 1;
        return save(Problem::link_count_wrong, file);
    }
    return {};
}

Result<void> Checker::check_directory(File& file) {
    ++report_.directories;
    if (file.body.links != sums_.directories + 2) {
        file.body.links = static_cast<std::uint32_t>(sums_.directories + 2);
        TRY(save(Problem::link_count_wrong, file));
    }
    if (file.body.size != sums_.name_bytes) {
        file.body.size = sums_.name_bytes;
        TRY(save(Problem::directory_size_wrong, file));
    }
    if (!reachable(file.number)) found(Problem::directory_unreachable, file.number, 0, false);
    return {};
}

void Checker::check_root() {
    const auto root = inodes_.load(root_number);
    const bool good = root && root->kind() == Kind::directory && !root->embedded() &&
                      root->body.links != 0;
    if (!good) found(Problem::root_wrong, root_number, 0, false);
}

// The directories above lead to the root (Brent's method finds a cycle).
bool Checker::reachable(std::uint64_t number) {
    std::uint64_t marked = 0;
    std::uint64_t steps = 0;
    std::uint64_t limit = 2;
    while (number != root_number) {
        if (number == marked) return false;
        if (++steps == limit) {
            marked = number;
            limit *= 2;
            steps = 0;
        }
        const auto parent = inodes_.parent(number);
        if (!parent) return false;
        number = *parent;
    }
    return true;
}

}  // namespace libos::fs::cofs
