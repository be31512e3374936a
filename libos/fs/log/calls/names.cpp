/// Making, finding, linking and removing names.

#include <algorithm>

#include "kernel/base/result.hpp"
#include "libos/fs/log/log.hpp"

namespace libos::fs::log {

namespace {

constexpr std::uint32_t name_blocks = 8;  ///< that a new name and inode may add

RecordHead entry_head(std::uint64_t number, Kind kind) {
    return {.inode = number, .kind = static_cast<std::uint16_t>(kind)};
}

}  // namespace

Result<File> Log::load(Inode inode) {
    if (store_.failed()) return error(Error::io);
    return inodes_.load(static_cast<std::uint64_t>(inode));
}

Result<File> Log::directory(Inode inode) {
    const File file = TRY(load(inode));
    if (file.kind() != Kind::directory) return error(Error::not_directory);
    return file;
}

// One that may get names: not removed while it was open.
Result<File> Log::living_directory(Inode inode) {
    const File file = TRY(directory(inode));
    if (file.node.links == 0) return error(Error::no_entry);
    return file;
}

void Log::stamp(Inode4k& node, bool modified) const {
    node.changed = now_.seconds;
    node.changed_ns = now_.nanoseconds;
    if (!modified) return;
    node.modified = now_.seconds;
    node.modified_ns = now_.nanoseconds;
}

Inode4k Log::new_node(Kind kind, const Creation& made) const {
    Inode4k node{.head = {},
                 .accessed = now_.seconds,
                 .accessed_ns = now_.nanoseconds,
                 .mode = static_cast<std::uint32_t>(kind) << 12 | (made.mode & 07777u),
                 .links = kind == Kind::directory ? 2u : 1u,
                 .user = made.user,
                 .group = made.group,
                 .embedded = static_cast<std::uint8_t>(kind == Kind::directory ? 0 : 1)};
    stamp(node, true);
    return node;
}

Result<Inode> Log::lookup(Inode parent, std::string_view name) {
    TRY(posix::check_name(name));
    const File file = TRY(directory(parent));
    const auto found = TRY(records_.find(file, Table::entries, name));
    if (!found) return error(Error::no_entry);
    return Inode{found->head.inode};
}

Result<Entry> Log::entry(Inode parent, std::uint64_t position) {
    const File file = TRY(directory(parent));
    const auto found = TRY(records_.next(file, Table::entries, position));
    if (!found) return error(Error::no_entry);
    const auto text = TRY(records_.text(file, Table::entries, *found));
    const std::size_t bytes = found->head.name_bytes;
    std::ranges::copy(text.first(bytes), std::as_writable_bytes(std::span{entry_name_}).begin());
    return Entry{.name = {entry_name_.data(), bytes},
                 .inode = Inode{found->head.inode},
                 .kind = found->kind(),
                 .next = found->position + 1};
}

Result<Inode> Log::create(Inode parent, std::string_view name, const Creation& made) {
    return make(parent, name, {}, new_node(Kind::file, made));
}

Result<Inode> Log::make_directory(Inode parent, std::string_view name, const Creation& made) {
    return make(parent, name, {}, new_node(Kind::directory, made));
}

Result<Inode> Log::symlink(Inode parent, std::string_view name, std::string_view target,
                           const Creation& made) {
    if (target.empty()) return error(Error::no_entry);
    if (target.size() > link_text_max) return error(Error::name_too_long);
    return make(parent, name, target, new_node(Kind::symlink, made));
}

Result<Inode> Log::make(Inode parent, std::string_view name, std::string_view target,
                        const Inode4k& node) {
    TRY(posix::check_name(name));
    File file = TRY(living_directory(parent));
    if (TRY(records_.find(file, Table::entries, name))) return error(Error::exists);
    const bool directory = node.mode >> 12 == static_cast<std::uint32_t>(Kind::directory);
    if (directory && file.node.links >= links_max) return error(Error::too_many_links);
    const std::uint64_t block = TRY(records_.vacancy(file, Table::entries, name, 0));
    const auto number = store_.inodes().vacancy();
    if (!number) return error(Error::no_space);
    TRY(begin(Effect::grows, name_blocks));
    return store_.acted(act_make(file, block, *number, name, target, node));
}

Result<Inode> Log::act_make(File& parent, std::uint64_t block, std::uint64_t number,
                            std::string_view name, std::string_view target,
                            const Inode4k& node) {
    File file{number, node};
    if (file.kind() == Kind::directory) file.node.parent = parent.number;
    TRY(inodes_.save(file));
    if (!target.empty()) {
        TRY(data_.write(file, 0, std::as_bytes(std::span{target})));
        TRY(inodes_.save(file));
    }
    TRY(records_.insert(parent, Table::entries, block, entry_head(number, file.kind()), name, {}));
    parent.node.size += name.size();
    if (file.kind() == Kind::directory) ++parent.node.links;
    stamp(parent.node, true);
    TRY(inodes_.save(parent));
    return Inode{number};
}

Result<std::size_t> Log::read_link(Inode inode, std::span<std::byte> into) {
    const File file = TRY(load(inode));
    if (file.kind() != Kind::symlink) return error(Error::invalid);
    const std::size_t wanted = std::min<std::size_t>(file.node.size, into.size());
    TRY(data_.read(file, 0, into.first(wanted)));
    return wanted;
}

Result<void> Log::link(Inode inode, Inode parent, std::string_view name) {
    TRY(posix::check_name(name));
    File directory = TRY(living_directory(parent));
    File file = TRY(load(inode));
    if (file.kind() == Kind::directory) return error(Error::not_permitted);
    if (TRY(records_.find(directory, Table::entries, name))) return error(Error::exists);
    if (file.node.links == 0) return error(Error::no_entry);
    if (file.node.links >= links_max) return error(Error::too_many_links);
    const std::uint64_t block = TRY(records_.vacancy(directory, Table::entries, name, 0));
    TRY(begin(Effect::grows, name_blocks));
    return store_.acted(act_link(file, directory, block, name));
}

Result<void> Log::act_link(File& file, File& parent, std::uint64_t block,
                           std::string_view name) {
    ++file.node.links;
    stamp(file.node, false);
    TRY(inodes_.save(file));
    TRY(records_.insert(parent, Table::entries, block, entry_head(file.number, file.kind()), name,
                        {}));
    parent.node.size += name.size();
    stamp(parent.node, true);
    return inodes_.save(parent);
}

Result<void> Log::unlink(Inode parent, std::string_view name) {
    TRY(posix::check_name(name));
    File directory = TRY(living_directory(parent));
    const auto found = TRY(records_.find(directory, Table::entries, name));
    if (!found) return error(Error::no_entry);
    if (found->kind() == Kind::directory) return error(Error::is_directory);
    TRY(begin(Effect::shrinks));
    return store_.acted(act_unlink(directory, *found, name));
}

// Whether a directory has no names.
Result<bool> Log::empty(std::uint64_t number) {
    const File file = TRY(directory(Inode{number}));
    return !TRY(records_.next(file, Table::entries, 0));
}

Result<void> Log::remove_directory(Inode parent, std::string_view name) {
    TRY(posix::check_name(name));
    File directory = TRY(living_directory(parent));
    const auto found = TRY(records_.find(directory, Table::entries, name));
    if (!found) return error(Error::no_entry);
    if (found->kind() != Kind::directory) return error(Error::not_directory);
    if (found->head.inode == directory.number) return error(Error::corrupt);
    if (!TRY(empty(found->head.inode))) return error(Error::not_empty);
    TRY(begin(Effect::shrinks));
    return store_.acted(act_unlink(directory, *found, name));
}

Result<void> Log::act_unlink(File& parent, const Record& found, std::string_view name) {
    TRY(records_.remove(parent, Table::entries, found));
    TRY(drop_link(found.head.inode, found.kind()));
    parent.node.size -= std::min<std::uint64_t>(parent.node.size, name.size());
    if (found.kind() == Kind::directory && parent.node.links > 2) --parent.node.links;
    stamp(parent.node, true);
    return inodes_.save(parent);
}

// A name of the inode is gone.
Result<void> Log::drop_link(std::uint64_t number, Kind kind) {
    File file = TRY(inodes_.load(number));
    if (file.kind() != kind || number == root_index) return error(Error::corrupt);
    const bool last = kind == Kind::directory || file.node.links <= 1;
    if (last && !open_.open(number)) return data_.remove(number);
    file.node.links = last ? 0 : file.node.links - 1;
    stamp(file.node, false);
    return inodes_.save(file);
}

Result<void> Log::open(Inode inode) {
    TRY(load(inode));
    return open_.add(static_cast<std::uint64_t>(inode));
}

Result<void> Log::close(Inode inode) {
    const auto number = static_cast<std::uint64_t>(inode);
    const bool last = TRY(open_.remove(number));
    if (!last) return {};
    const File file = TRY(load(inode));
    if (file.node.links != 0) return {};
    TRY(begin(Effect::shrinks));
    return store_.acted(data_.remove(number));
}

}  // namespace libos::fs::log
