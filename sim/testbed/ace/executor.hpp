#pragma once

/// Runs a workload's statements on a file system, and keeps what they promise.
///
/// Marks on the recording device: 2 i before statement i is run, when what it may change has been
/// withdrawn; 2 i + 1 when it has returned. promises()[mark] holds at that mark.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/testbed/ace/promises.hpp"
#include "sim/testbed/ace/workload.hpp"
#include "sim/testbed/crash/recording.hpp"

namespace sim::testbed::ace {

/// A statement that the file system refused: many lines have one on purpose (a directory moved
/// below itself, fsync of a file that is not there).
struct Refusal {
    std::string statement;
    libos::fs::Error error;
};

template <class F>
class Executor {
public:
    Executor(F& fs, crash::RecordingDevice& device) : fs_{fs}, device_{device} {}

    /// All statements. The error: the file system could not be read in between.
    std::expected<void, std::string> run(const Workload& workload) {
        for (const Statement& statement : workload.statements) {
            auto before = crash::take_picture(fs_);
            if (!before) return unreadable(statement, before.error());
            withdraw(*before, statement);
            note();
            fs_.set_time({static_cast<std::int64_t>(1'000'000 + promises_.size()), 0});
            const auto done = act(statement);
            if (!done) refusals_.push_back({statement.text, done.error()});
            auto after = crash::take_picture(fs_);
            if (!after) return unreadable(statement, after.error());
            if (done) promise(*after, statement);
            note();
        }
        return {};
    }

    [[nodiscard]] const std::vector<Promises>& promises() const { return promises_; }
    [[nodiscard]] const std::vector<Refusal>& refusals() const { return refusals_; }

private:
    using Inode = libos::fs::Inode;
    using Error = libos::fs::Error;
    template <class T>
    using Result = libos::fs::Result<T>;

    static std::unexpected<std::string> unreadable(const Statement& statement,
                                                   const crash::PictureError& error) {
        return std::unexpected("at \"" + statement.text + "\": \"" + error.path +
                               "\" cannot be read: error " +
                               std::to_string(static_cast<int>(error.error)));
    }

    static Result<void> done(const Result<Inode>& made) {
        return made ? Result<void>{} : libos::fs::error(made.error());
    }

    void note() {
        promises_.push_back(now_);
        device_.mark(promises_.size() - 1);
    }

    void withdraw(const crash::Picture& picture, const Statement& s) {
        switch (s.verb) {
            case Verb::rename:
                now_.move(picture, s.path, s.other);
                break;
            case Verb::link:
                now_.withdraw(picture, s.path);
                now_.withdraw_directory(s.other);
                break;
            case Verb::symlink:
                now_.withdraw_directory(s.other);
                break;
            case Verb::unlink: case Verb::remove: case Verb::remove_directory:
                now_.withdraw(picture, s.path);
                now_.withdraw_directory(s.path);
                break;
            case Verb::make_directory:
                now_.withdraw_directory(s.path);
                break;
            case Verb::open:
                if (!picture.contains(s.path)) now_.withdraw_directory(s.path);
                if (s.truncate) now_.withdraw(picture, s.path);
                break;
            case Verb::write: case Verb::direct_write: case Verb::mapped_write:
            case Verb::allocate: case Verb::truncate: case Verb::set_attribute:
            case Verb::remove_attribute:
                now_.withdraw(picture, s.path);
                break;
            default:
                break;
        }
    }

    void promise(const crash::Picture& picture, const Statement& s) {
        // A file is known by an open handle: it may have another name by now.
        std::string path = s.path;
        if (const auto handle = handles_.find(s.path); handle != handles_.end()) {
            for (const auto& [name, seen] : picture) {
                if (seen.attributes.inode == handle->second) {
                    path = name;
                    break;
                }
            }
        }
        if (s.verb == Verb::fsync) now_.fsync(picture, path, false);
        if (s.verb == Verb::fdatasync || s.verb == Verb::mapped_write) {
            now_.fsync(picture, path, true);
        }
        if (s.verb == Verb::sync) now_.sync(picture);
    }

    Result<Inode> walk(const std::string& path) {
        Inode at = fs_.root();
        for (std::size_t begin = 0; begin < path.size();) {
            const std::size_t end = std::min(path.find('/', begin), path.size());
            const auto next = fs_.lookup(at, std::string_view{path}.substr(begin, end - begin));
            if (!next) return next;
            at = *next;
            begin = end + 1;
        }
        return at;
    }

    // The directory and the name in it.
    Result<std::pair<Inode, std::string>> split(const std::string& path) {
        const auto slash = path.rfind('/');
        const auto parent = walk(slash == path.npos ? "" : path.substr(0, slash));
        if (!parent) return libos::fs::error(parent.error());
        return std::pair{*parent, slash == path.npos ? path : path.substr(slash + 1)};
    }

    Result<Inode> file(const std::string& path) {
        const auto handle = handles_.find(path);
        return handle != handles_.end() ? Result<Inode>{handle->second} : walk(path);
    }

    Result<void> act(const Statement& s) {
        switch (s.verb) {
            case Verb::make_directory: case Verb::unlink: case Verb::remove:
            case Verb::remove_directory: case Verb::rename: case Verb::link:
            case Verb::symlink:
                return act_name(s);
            case Verb::open: case Verb::open_directory:
                return act_open(s);
            case Verb::close:
                return act_close(s);
            case Verb::sync:
                return fs_.sync();
            case Verb::checkpoint:
                return {};
            default:
                break;
        }
        const auto inode = file(s.path);
        if (!inode) return libos::fs::error(inode.error());
        return act_file(s, *inode);
    }

    Result<void> act_name(const Statement& s) {
        const auto at = split(s.path);
        if (!at) return libos::fs::error(at.error());
        const auto& [parent, name] = *at;
        const auto mode = static_cast<std::uint16_t>(s.mode);
        if (s.verb == Verb::make_directory) {
            return done(fs_.make_directory(parent, name, {.mode = mode}));
        }
        if (s.verb == Verb::unlink) return fs_.unlink(parent, name);
        if (s.verb == Verb::remove_directory) return fs_.remove_directory(parent, name);
        if (s.verb == Verb::remove) {
            const auto done = fs_.unlink(parent, name);
            return !done && done.error() == Error::is_directory
                       ? fs_.remove_directory(parent, name)
                       : done;
        }
        const auto to = split(s.other);
        if (!to) return libos::fs::error(to.error());
        if (s.verb == Verb::rename) return fs_.rename(parent, name, to->first, to->second, true);
        if (s.verb == Verb::symlink) {
            return done(fs_.symlink(to->first, to->second, s.path, {}));
        }
        const auto inode = walk(s.path);
        if (!inode) return libos::fs::error(inode.error());
        return fs_.link(*inode, to->first, to->second);
    }

    Result<void> act_open(const Statement& s) {
        auto inode = walk(s.path);
        if (!inode && inode.error() == Error::no_entry && s.create) {
            const auto at = split(s.path);
            if (!at) return libos::fs::error(at.error());
            inode = fs_.create(at->first, at->second,
                               {.mode = static_cast<std::uint16_t>(s.mode)});
        }
        if (!inode) return libos::fs::error(inode.error());
        if (const auto opened = fs_.open(*inode); !opened) return opened;
        if (const auto old = handles_.find(s.path); old != handles_.end()) {
            static_cast<void>(fs_.close(old->second));
        }
        handles_[s.path] = *inode;
        return s.truncate ? fs_.truncate(*inode, 0) : Result<void>{};
    }

    Result<void> act_close(const Statement& s) {
        const auto handle = handles_.find(s.path);
        if (handle == handles_.end()) return libos::fs::error(Error::invalid);
        const Inode inode = handle->second;
        handles_.erase(handle);
        return fs_.close(inode);
    }

    Result<void> write(Inode inode, const Statement& s) {
        std::vector<std::byte> data(s.bytes);
        for (std::size_t i = 0; i < data.size(); ++i) {
            data[i] = static_cast<std::byte>('a' + (s.offset + i + promises_.size()) % 26);
        }
        const auto done = fs_.write(inode, s.offset, data);
        if (!done) return libos::fs::error(done.error());
        return *done == data.size() ? Result<void>{} : libos::fs::error(Error::no_space);
    }

    Result<void> allocate(Inode inode, const Statement& s) {
        if constexpr (requires { fs_.allocate(inode, 0, 0, true), fs_.punch(inode, 0, 0); }) {
            if (s.punch || s.zero) {
                if (auto done = fs_.punch(inode, s.offset, s.bytes); !done || s.punch) return done;
            }
            return fs_.allocate(inode, s.offset, s.bytes, s.keep_size);
        } else {
            return libos::fs::error(Error::not_supported);
        }
    }

    Result<void> act_file(const Statement& s, Inode inode) {
        static constexpr std::string_view name = "user.xattr1";
        static constexpr std::string_view value = "val1";
        switch (s.verb) {
            case Verb::write: case Verb::direct_write:
                return write(inode, s);
            case Verb::mapped_write: {
                const auto done = write(inode, s);
                return done ? fs_.fsync(inode, true) : done;
            }
            case Verb::allocate: return allocate(inode, s);
            case Verb::truncate: return fs_.truncate(inode, s.bytes);
            case Verb::set_attribute:
                return fs_.set_attribute(inode, name, std::as_bytes(std::span{value}));
            case Verb::remove_attribute: return fs_.remove_attribute(inode, name);
            case Verb::fsync: return fs_.fsync(inode, false);
            case Verb::fdatasync: return fs_.fsync(inode, true);
            default: return {};
        }
    }

    F& fs_;
    crash::RecordingDevice& device_;
    std::map<std::string, Inode> handles_;
    Promises now_;
    std::vector<Promises> promises_;
    std::vector<Refusal> refusals_;
};

}  // namespace sim::testbed::ace
