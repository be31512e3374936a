/// Making, finding, linking and removing names.

#include <algorithm>

#include "kernel/base/result.hpp"
#include "libos/fs/cofs/cofs.hpp"
#include "libos/fs/posix/name.hpp"

namespace libos::fs::cofs {

Result<File> Cofs::directory(Inode inode) {
    if (store_.failed()) return error(Error::io);
    const File file = TRY(inodes_.load(static_cast<std::uint64_t>(inode)));
    if (file.kind() != Kind::directory) return error(Error::not_directory);
    return file;
}

// One that may get names: not removed while it was open.
Result<File> Cofs::living_directory(Inode inode) {
    const File file = TRY(directory(inode));
    if (file.body.links == 0) return error(Error::no_entry);
    return file;
}

void Cofs::stamp(Body& body, bool modified) const {
    body.changed = now_.seconds;
    body.changed_ns = now_.nanoseconds;
    if (!modified) return;
    body.modified = now_.seconds;
    body.modified_ns = now_.nanoseconds;
}

Body Cofs::new_body(Kind kind, const Creation& made) const {
    Body body{.accessed = now_.seconds,
              .accessed_ns = now_.nanoseconds,
              .mode = static_cast<std::uint32_t>(kind) << 12 | (made.mode & 07777u),
              .links = kind == Kind::directory ? 2u : 1u,
              .user = made.user,
              .group = made.group};
    stamp(body, true);
    return body;
}

Result<Inode> Cofs::lookup(Inode parent, std::string_view name) {
    TRY(posix::check_name(name));
    const File file = TRY(directory(parent));
    const Found found = TRY(entries_.find(file.number, name));
    if (!found) return error(Error::no_entry);
    if (found.head.embedded != 0) inodes_.hint(found.head.inode, found.at);
    return Inode{found.head.inode};
}

Result<Entry> Cofs::entry(Inode parent, std::uint64_t position) {
    const File file = TRY(directory(parent));
    if (position > Key::offset_max) return error(Error::no_entry);
    const Item item = TRY(store_.tree().lower_bound(
        key(file.number, ItemType::entry, position),
        key(file.number, ItemType::entry, Key::offset_max)));
    if (!item) return error(Error::no_entry);
    const EntryView view = TRY(entry_view(item.value));
    std::ranges::copy(view.name, entry_name_.begin());
    if (view.head.embedded != 0) inodes_.hint(view.head.inode, item.key);
    return Entry{.name = {entry_name_.data(), view.name.size()},
                 .inode = Inode{view.head.inode},
                 .kind = view.kind(),
                 .next = item.key.offset() + 1};
}

Result<Inode> Cofs::create(Inode parent, std::string_view name, const Creation& made) {
    return make(parent, name, {}, new_body(Kind::file, made));
}

Result<Inode> Cofs::make_directory(Inode parent, std::string_view name, const Creation& made) {
    return make(parent, name, {}, new_body(Kind::directory, made));
}

Result<Inode> Cofs::symlink(Inode parent, std::string_view name, std::string_view target,
                            const Creation& made) {
    if (target.empty()) return error(Error::no_entry);
    if (target.size() > link_text_max) return error(Error::name_too_long);
    Body body = new_body(Kind::symlink, made);
    body.size = target.size();
    return make(parent, name, target, body);
}

Result<Inode> Cofs::make(Inode parent, std::string_view name, std::string_view target,
                         const Body& body) {
    TRY(posix::check_name(name));
    File file = TRY(living_directory(parent));
    if (TRY(entries_.find(file.number, name))) return error(Error::exists);
    const bool directory = body.mode >> 12 == static_cast<std::uint32_t>(Kind::directory);
    if (directory && file.body.links >= links_max) return error(Error::too_many_links);
    const Key at = TRY(entries_.vacancy(file.number, name));
    TRY(store_.begin(Effect::grows));
    return store_.acted(act_make(file, at, name, target, body));
}

Result<Inode> Cofs::act_make(File& parent, Key at, std::string_view name,
                             std::string_view target, const Body& body) {
    const std::uint64_t number = store_.transaction().next_inode++;
    ++store_.transaction().files;
    const auto kind = static_cast<Kind>(body.mode >> 12);
    TRY(entries_.put(at, name, number, kind, &body));
    TRY(inodes_.set_home(number, at));
    auto text = std::as_bytes(std::span{target});
    for (std::uint64_t part = 0; !text.empty(); ++part) {
        const std::size_t bytes = std::min<std::size_t>(text_part, text.size());
        TRY(store_.tree().put(key(number, ItemType::text, part), text.first(bytes)));
        text = text.subspan(bytes);
    }
    parent.body.size += name.size();
    if (kind == Kind::directory) ++parent.body.links;
    stamp(parent.body, true);
    TRY(inodes_.save(parent));
    inodes_.know({number, at, sizeof(EntryHead), body});
    return Inode{number};
}

Result<std::size_t> Cofs::read_link(Inode inode, std::span<std::byte> into) {
    if (store_.failed()) return error(Error::io);
    const File file = TRY(inodes_.load(static_cast<std::uint64_t>(inode)));
    if (file.kind() != Kind::symlink) return error(Error::invalid);
    const std::size_t wanted = std::min<std::size_t>(file.body.size, into.size());
    for (std::size_t at = 0; at < wanted; at += text_part) {
        const Item item =
            TRY(store_.tree().find(key(file.number, ItemType::text, at / text_part)));
        const std::size_t part = std::min<std::size_t>(text_part, wanted - at);
        if (!item || item.value.size() < part) return error(Error::corrupt);
        std::ranges::copy(item.value.first(part), into.begin() + at);
    }
    return wanted;
}

Result<void> Cofs::link(Inode inode, Inode parent, std::string_view name) {
    TRY(posix::check_name(name));
    File directory = TRY(living_directory(parent));
    File file = TRY(inodes_.load(static_cast<std::uint64_t>(inode)));
    if (file.kind() == Kind::directory) return error(Error::not_permitted);
    if (TRY(entries_.find(directory.number, name))) return error(Error::exists);
    if (file.body.links == 0) return error(Error::no_entry);
    if (file.body.links >= links_max) return error(Error::too_many_links);
    const Key at = TRY(entries_.vacancy(directory.number, name));
    TRY(store_.begin(Effect::grows));
    return store_.acted(act_link(file, directory, at, name));
}

Result<void> Cofs::act_link(File& file, File& parent, Key at, std::string_view name) {
    if (file.embedded()) {
        // A second name: the body leaves the first one's entry.
        std::array<char, name_max> buffer;
        std::string_view first;
        {
            const Item item = TRY(store_.tree().find(file.at));
            if (!item) return error(Error::corrupt);
            const EntryView view = TRY(entry_view(item.value));
            std::ranges::copy(view.name, buffer.begin());
            first = {buffer.data(), view.name.size()};
        }
        TRY(entries_.put(file.at, first, file.number, file.kind(), nullptr));
        TRY(inodes_.externalise(file));
    }
    ++file.body.links;
    stamp(file.body, false);
    TRY(inodes_.save(file));
    TRY(entries_.put(at, name, file.number, file.kind(), nullptr));
    parent.body.size += name.size();
    stamp(parent.body, true);
    return inodes_.save(parent);
}

Result<void> Cofs::unlink(Inode parent, std::string_view name) {
    TRY(posix::check_name(name));
    File directory = TRY(living_directory(parent));
    const Found found = TRY(entries_.find(directory.number, name));
    if (!found) return error(Error::no_entry);
    if (found.kind() == Kind::directory) return error(Error::is_directory);
    TRY(store_.begin(Effect::shrinks));
    return store_.acted(act_unlink(directory, found, name));
}

Result<void> Cofs::remove_directory(Inode parent, std::string_view name) {
    TRY(posix::check_name(name));
    File directory = TRY(living_directory(parent));
    const Found found = TRY(entries_.find(directory.number, name));
    if (!found) return error(Error::no_entry);
    if (found.kind() != Kind::directory) return error(Error::not_directory);
    if (!TRY(entries_.empty(found.head.inode))) return error(Error::not_empty);
    TRY(store_.begin(Effect::shrinks));
    return store_.acted(act_unlink(directory, found, name));
}

Result<void> Cofs::act_unlink(File& parent, const Found& found, std::string_view name) {
    const File file = TRY(inodes_.load(found.head.inode));
    const bool here = file.at == found.at;
    if (file.embedded() != here || file.kind() != found.kind()) return error(Error::corrupt);
    TRY(store_.tree().erase(found.at));
    TRY(drop_link(file.number, here ? &file : nullptr));
    parent.body.size -= std::min<std::uint64_t>(parent.body.size, name.size());
    if (found.kind() == Kind::directory && parent.body.links > 2) --parent.body.links;
    stamp(parent.body, true);
    return inodes_.save(parent);
}

// A name of the inode is gone; `embedded`: the inode as it was in that name's entry.
Result<void> Cofs::drop_link(std::uint64_t number, const File* embedded) {
    File file = embedded != nullptr ? *embedded : TRY(inodes_.load(number));
    const bool last = file.kind() == Kind::directory || file.body.links <= 1;
    if (last && !open_.open(number)) return drop_all(number);
    file.body.links = last ? 0 : file.body.links - 1;
    stamp(file.body, false);
    if (embedded != nullptr) {
        TRY(inodes_.externalise(file));
    } else {
        TRY(inodes_.save(file));
    }
    if (!last) return {};
    return store_.tree().put(key(0, ItemType::orphan, number), {});
}

Result<void> Cofs::drop_all(std::uint64_t number) {
    if (store_.transaction().files > 0) --store_.transaction().files;
    return data_.remove(number);
}

Result<void> Cofs::open(Inode inode) {
    if (store_.failed()) return error(Error::io);
    const auto number = static_cast<std::uint64_t>(inode);
    TRY(inodes_.load(number));
    return open_.add(number);
}

Result<void> Cofs::close(Inode inode) {
    const auto number = static_cast<std::uint64_t>(inode);
    const bool last = TRY(open_.remove(number));
    if (!last) return {};
    if (store_.failed()) return error(Error::io);
    const File file = TRY(inodes_.load(number));
    if (file.body.links != 0) return {};
    TRY(store_.begin(Effect::shrinks));
    TRY(drop_all(number));
    return store_.acted(store_.tree().erase(key(0, ItemType::orphan, number)));
}

}  // namespace libos::fs::cofs
