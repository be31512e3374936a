/// rename(): every check first, then one operation.

#include "kernel/base/result.hpp"
#include "libos/fs/log/log.hpp"

namespace libos::fs::log {

struct Log::Rename {
    std::string_view name;
    std::string_view new_name;
    File from;
    File to;
    Record source;
    Records::Found target;    ///< what is replaced; none
    std::uint64_t block = 0;  ///< of the new entry, if nothing is
    bool nothing = false;
};

// Whether `number` is `ancestor` or lies below it. The chain of a sound disk has no cycle; on
// another one the walk stops at a directory it has seen (Brent's method).
Result<bool> Log::inside(std::uint64_t number, std::uint64_t ancestor) {
    std::uint64_t marked = 0;
    std::uint64_t steps = 0;
    std::uint64_t limit = 2;
    for (;;) {
        if (number == ancestor) return true;
        if (number == root_index) return false;
        if (number == marked) return error(Error::corrupt);
        if (++steps == limit) {
            marked = number;
            limit *= 2;
            steps = 0;
        }
        const auto file = directory(Inode{number});
        if (!file && file.error() == Error::io) return error(Error::io);
        if (!file) return error(Error::corrupt);
        number = file->node.parent;
    }
}

Result<void> Log::check_rename(Rename& r) {
    const auto source = TRY(records_.find(r.from, Table::entries, r.name));
    if (!source) return error(Error::no_entry);
    r.source = *source;
    r.target = TRY(records_.find(r.to, Table::entries, r.new_name));
    const bool directory = r.source.kind() == Kind::directory;
    if (directory && TRY(inside(r.to.number, r.source.head.inode))) return error(Error::invalid);
    if (!r.target) {
        if (directory && r.from.number != r.to.number && r.to.node.links >= links_max) {
            return error(Error::too_many_links);
        }
        r.block = TRY(records_.vacancy(r.to, Table::entries, r.new_name, 0));
        return {};
    }
    r.nothing = r.source.head.inode == r.target->head.inode;
    if (r.nothing) return {};
    const bool onto_directory = r.target->kind() == Kind::directory;
    if (directory && !onto_directory) return error(Error::not_directory);
    if (!directory && onto_directory) return error(Error::is_directory);
    const std::uint64_t gone = r.target->head.inode;
    if (onto_directory && (gone == r.from.number || gone == r.to.number)) {
        // It has a name in it, or it names itself.
        return error(gone == r.to.number ? Error::corrupt : Error::not_empty);
    }
    if (onto_directory && !TRY(empty(gone))) return error(Error::not_empty);
    return {};
}

Result<void> Log::rename(Inode from, std::string_view name, Inode to, std::string_view new_name,
                         bool replace) {
    TRY(posix::check_name(name));
    TRY(posix::check_name(new_name));
    Rename r{name, new_name, TRY(living_directory(from)), TRY(living_directory(to)),
             {}, {}, 0, false};
    if (!replace && TRY(records_.find(r.from, Table::entries, name)) &&
        TRY(records_.find(r.to, Table::entries, new_name))) {
        return error(Error::exists);
    }
    TRY(check_rename(r));
    if (r.nothing) return {};
    constexpr std::uint32_t name_blocks = 8;
    TRY(begin(Effect::grows, name_blocks));
    return store_.acted(act_rename(r));
}

Result<void> Log::act_rename(Rename& r) {
    File moved = TRY(inodes_.load(r.source.head.inode));
    const Kind kind = r.source.kind();
    if (moved.kind() != kind) return error(Error::corrupt);
    const bool same = r.from.number == r.to.number;
    File& to = same ? r.from : r.to;
    if (r.target) {
        TRY(records_.replace(to, *r.target, moved.number, kind));
        TRY(drop_link(r.target->head.inode, r.target->kind()));
        if (kind == Kind::directory && to.node.links > 2) --to.node.links;
    } else {
        const RecordHead head{.inode = moved.number, .kind = static_cast<std::uint16_t>(kind)};
        TRY(records_.insert(to, Table::entries, r.block, head, r.new_name, {}));
        to.node.size += r.new_name.size();
    }
    TRY(records_.remove(r.from, Table::entries, r.source));
    r.from.node.size -= std::min<std::uint64_t>(r.from.node.size, r.name.size());
    if (kind == Kind::directory) {
        if (r.from.node.links > 2) --r.from.node.links;
        ++to.node.links;
        moved.node.parent = to.number;
    }
    stamp(moved.node, false);
    stamp(r.from.node, true);
    stamp(to.node, true);
    TRY(inodes_.save(moved));
    TRY(inodes_.save(r.from));
    return same ? Result<void>{} : inodes_.save(to);
}

}  // namespace libos::fs::log
