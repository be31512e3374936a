/// rename(): every check first, then one transaction.

#include "kernel/base/result.hpp"
#include "libos/fs/cofs/cofs.hpp"
#include "libos/fs/posix/name.hpp"

namespace libos::fs::cofs {

struct Cofs::Rename {
    std::string_view name;
    std::string_view new_name;
    File from;
    File to;
    Found source;
    Found target;  ///< what is replaced; none
    Key at;        ///< of the new entry
    bool nothing = false;
};

// Whether `number` is `ancestor` or lies below it. The chain of a sound disk has no cycle; on
// another one the walk stops at a directory it has seen (Brent's method).
Result<bool> Cofs::inside(std::uint64_t number, std::uint64_t ancestor) {
    std::uint64_t marked = 0;
    std::uint64_t steps = 0;
    std::uint64_t limit = 2;
    while (number != 0) {
        if (number == ancestor) return true;
        if (number == marked) return error(Error::corrupt);
        if (++steps == limit) {
            marked = number;
            limit *= 2;
            steps = 0;
        }
        number = TRY(inodes_.parent(number));
    }
    return false;
}

Result<void> Cofs::check_rename(Rename& r) {
    r.source = TRY(entries_.find(r.from.number, r.name));
    if (!r.source) return error(Error::no_entry);
    r.target = TRY(entries_.find(r.to.number, r.new_name));
    const bool directory = r.source.kind() == Kind::directory;
    if (directory && TRY(inside(r.to.number, r.source.head.inode))) return error(Error::invalid);
    if (!r.target) {
        if (directory && r.from.number != r.to.number && r.to.body.links >= links_max) {
            return error(Error::too_many_links);
        }
        r.at = TRY(entries_.vacancy(r.to.number, r.new_name));
        return {};
    }
    r.at = r.target.at;
    r.nothing = r.source.head.inode == r.target.head.inode;
    if (r.nothing) return {};
    const bool onto_directory = r.target.kind() == Kind::directory;
    if (directory && !onto_directory) return error(Error::not_directory);
    if (!directory && onto_directory) return error(Error::is_directory);
    if (onto_directory && !TRY(entries_.empty(r.target.head.inode))) {
        return error(Error::not_empty);
    }
    return {};
}

Result<void> Cofs::rename(Inode from, std::string_view name, Inode to,
                          std::string_view new_name, bool replace) {
    TRY(posix::check_name(name));
    TRY(posix::check_name(new_name));
    Rename r{name, new_name, TRY(living_directory(from)), TRY(living_directory(to)),
             {}, {}, {}, false};
    if (!replace && TRY(entries_.find(r.from.number, name)) &&
        TRY(entries_.find(r.to.number, new_name))) {
        return error(Error::exists);
    }
    TRY(check_rename(r));
    if (r.nothing) return {};
    TRY(store_.begin(Effect::grows));
    return store_.acted(act_rename(r));
}

Result<void> Cofs::act_rename(Rename& r) {
    File moved = TRY(inodes_.load(r.source.head.inode));
    const bool embedded = moved.embedded();
    if (embedded && moved.at != r.source.at) return error(Error::corrupt);
    if (moved.kind() != r.source.kind()) return error(Error::corrupt);
    const bool directory = moved.kind() == Kind::directory;
    const bool same = r.from.number == r.to.number;
    File& to = same ? r.from : r.to;
    if (r.target) TRY(act_unlink(to, r.target, r.new_name));
    // The target may have been removed with its leaf: what was loaded stays true, by key.
    TRY(store_.tree().erase(r.source.at));
    stamp(moved.body, false);
    TRY(entries_.put(r.at, r.new_name, moved.number, moved.kind(),
                     embedded ? &moved.body : nullptr));
    if (embedded) {
        TRY(inodes_.set_home(moved.number, r.at));
    } else {
        TRY(inodes_.save(moved));
    }
    r.from.body.size -= std::min<std::uint64_t>(r.from.body.size, r.name.size());
    to.body.size += r.new_name.size();
    if (directory && !same) {
        if (r.from.body.links > 2) --r.from.body.links;
        ++to.body.links;
    }
    stamp(r.from.body, true);
    stamp(to.body, true);
    TRY(inodes_.save(r.from));
    return same ? Result<void>{} : inodes_.save(to);
}

}  // namespace libos::fs::cofs
