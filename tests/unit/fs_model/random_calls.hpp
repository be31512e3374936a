#pragma once

/// Random calls on a file system and on the reference, compared one by one.
///
/// A full disk: Error::no_space is believed where space() says that little is left, and the call
/// is then not made on the reference, so that the next comparison shows whether it changed
/// anything.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "sim/testbed/crash/picture.hpp"
#include "tests/unit/fs_model/reference.hpp"

namespace tests::fs_model {

/// What a format has a word for.
struct Features {
    bool links = true;
    bool symlinks = true;
    bool attributes = true;   ///< extended ones
    bool space = true;        ///< allocate() and punch(), beyond the concept
    std::uint64_t file_max = 512 * 1024;
    std::size_t files_max = 80;
    std::uint64_t large_one_in = 30;  ///< writes and reads of up to 300 kB
    std::uint64_t space_low = 200;  ///< blocks free from which on Error::no_space is believed
};

template <class F>
class RandomCalls {
public:
    RandomCalls(F& fs, Reference& reference, std::uint64_t seed, const Features& features)
        : fs_{fs}, reference_{reference}, random_{seed}, seed_{seed}, features_{features} {
        known_.push_back({fs.root(), reference.root()});
    }

    /// One call on both. False: the answers differ, and failure() says how.
    bool step();
    /// Mounts both again.
    bool remount();
    /// Compares everything.
    bool compare();
    [[nodiscard]] const std::string& failure() const { return failure_; }
    /// Error::io came from the file system; nothing is known of its state.
    [[nodiscard]] bool io_seen() const { return io_seen_; }
    /// The last call was one after which everything before it is durable.
    [[nodiscard]] bool durable() const { return durable_; }
    /// Calls that the full disk refused, or cut short.
    [[nodiscard]] std::uint64_t full_count() const { return full_; }
    /// Calls that both did.
    [[nodiscard]] std::uint64_t done_count() const { return done_; }
    /// Files, directories and links that are there.
    [[nodiscard]] std::size_t alive_count() const {
        return static_cast<std::size_t>(std::ranges::count_if(
            known_, [&](const Pair& p) { return reference_.alive(p.second); }));
    }

private:
    using Pair = std::pair<Inode, Inode>;

    std::uint64_t below(std::uint64_t n) { return random_() % n; }
    bool chance(std::uint64_t one_in) { return below(one_in) == 0; }
    Pair any();
    Pair directory();
    Pair of_kind(Kind kind);
    std::string name();
    std::uint64_t offset();
    std::span<const std::byte> data(std::size_t bytes);
    Creation creation();
    Timestamp time() {
        return {static_cast<std::int64_t>(below(1u << 31)),
                static_cast<std::uint32_t>(below(1'000'000'000))};
    }

    template <class Call>
    bool both(std::string text, Call call);
    template <class Call>
    bool make(std::string text, Call call);
    template <class A, class B>
    bool same(const A& mine, const B& theirs);
    bool full(const Error& error);
    bool fail(const std::string& why);
    bool names_step(std::uint64_t choice);
    bool data_step(std::uint64_t choice);
    bool other_step(std::uint64_t choice);
    bool read_both();
    bool write_both();
    bool rename_both();
    bool attributes_both();
    bool extended_both();
    bool extended_read_both();
    bool opened_both();
    bool list_both();

    F& fs_;
    Reference& reference_;
    std::mt19937_64 random_;
    std::uint64_t seed_;
    Features features_;
    std::vector<Pair> known_;
    std::vector<Pair> opened_;
    std::vector<std::byte> buffer_;
    std::vector<std::byte> other_buffer_;
    std::string call_;
    std::string failure_;
    std::uint64_t calls_ = 0;
    std::uint64_t full_ = 0;
    std::uint64_t done_ = 0;
    bool io_seen_ = false;
    bool durable_ = false;
};

template <class F>
bool RandomCalls<F>::fail(const std::string& why) {
    failure_ = "seed " + std::to_string(seed_) + ", call " + std::to_string(calls_) + ", " +
               call_ + ": " + why;
    return false;
}

template <class F>
bool RandomCalls<F>::full(const Error& error) {
    if (error != Error::no_space) return false;
    const auto space = fs_.space();
    if (!space || space->blocks_free > features_.space_low) return false;
    ++full_;
    return true;
}

template <class F>
template <class A, class B>
bool RandomCalls<F>::same(const A& mine, const B& theirs) {
    const auto number = [](Error error) { return std::to_string(static_cast<int>(error)); };
    if (mine.has_value() && theirs.has_value()) {
        ++done_;
        return true;
    }
    if (!mine && mine.error() == Error::io) {
        io_seen_ = true;
        return fail("error 5");
    }
    if (mine.has_value()) return fail("done, and should be error " + number(theirs.error()));
    if (theirs.has_value()) return fail("error " + number(mine.error()) + ", should be done");
    if (mine.error() == theirs.error()) return true;
    return fail("error " + number(mine.error()) + ", should be " + number(theirs.error()));
}

/// `call(fs, first of pair)`: the same on both.
template <class F>
template <class Call>
bool RandomCalls<F>::both(std::string text, Call call) {
    call_ = std::move(text);
    const auto mine = call(fs_, [](const Pair& pair) { return pair.first; });
    if (!mine && full(mine.error())) return true;
    const auto theirs = call(reference_, [](const Pair& pair) { return pair.second; });
    return same(mine, theirs);
}

template <class F>
template <class Call>
bool RandomCalls<F>::make(std::string text, Call call) {
    call_ = std::move(text);
    const auto mine = call(fs_, [](const Pair& pair) { return pair.first; });
    if (!mine && full(mine.error())) return true;
    const auto theirs = call(reference_, [](const Pair& pair) { return pair.second; });
    if (mine && theirs) known_.push_back({*mine, *theirs});
    return same(mine, theirs);
}

template <class F>
auto RandomCalls<F>::any() -> Pair {
    // Some are dead: Error::stale is an answer too.
    if (known_.size() > 2 * features_.files_max) {
        std::erase_if(known_, [&](const Pair& p) { return !reference_.alive(p.second); });
    }
    return known_[below(known_.size())];
}

template <class F>
auto RandomCalls<F>::of_kind(Kind kind) -> Pair {
    for (int i = 0; i < 8; ++i) {
        const Pair pair = any();
        const auto attributes = reference_.attributes(pair.second);
        if (attributes && attributes->kind == kind) return pair;
    }
    return any();
}

template <class F>
auto RandomCalls<F>::directory() -> Pair {
    return chance(3) ? known_[0] : of_kind(Kind::directory);
}

template <class F>
std::string RandomCalls<F>::name() {
    if (chance(200)) return std::string(255 + below(2), 'x');
    if (chance(300)) return std::vector<std::string>{"", ".", "..", "a/b"}[below(4)];
    if (chance(10)) return std::string(1 + below(120), static_cast<char>('a' + below(3)));
    return std::string(1, static_cast<char>('a' + below(12)));
}

template <class F>
std::uint64_t RandomCalls<F>::offset() {
    const std::uint64_t max = features_.file_max;
    switch (below(4)) {
        case 0: return below(max);
        case 1: return below(max / 4096) * 4096;
        case 2: return below(20'000);
        default: return max / 2 - 5000 + below(10'000);
    }
}

template <class F>
std::span<const std::byte> RandomCalls<F>::data(std::size_t bytes) {
    buffer_.resize(bytes);
    const std::uint64_t value = random_() | 1;
    for (std::size_t i = 0; i < bytes; ++i) {
        buffer_[i] = static_cast<std::byte>((value * (i + 1)) >> 32);
    }
    return buffer_;
}

template <class F>
Creation RandomCalls<F>::creation() {
    return {static_cast<std::uint16_t>(below(010000)), static_cast<std::uint32_t>(below(3)),
            static_cast<std::uint32_t>(below(3))};
}

template <class F>
bool RandomCalls<F>::step() {
    ++calls_;
    durable_ = false;
    const Timestamp now = time();
    fs_.set_time(now);
    reference_.set_time(now);
    const std::uint64_t choice = below(100);
    if (choice < 45) return names_step(choice);
    return choice < 80 ? data_step(choice) : other_step(choice);
}

template <class F>
bool RandomCalls<F>::names_step(std::uint64_t choice) {
    const Pair dir = directory();
    const std::string name = this->name();
    const bool many = known_.size() > features_.files_max;
    if (choice < 16 && !many) {
        const Creation made = creation();
        if (choice < 4) {
            return make("make_directory " + name, [&](auto& fs, auto pick) {
                return fs.make_directory(pick(dir), name, made);
            });
        }
        if (choice < 6 && features_.symlinks) {
            const std::string target(below(chance(20) ? 5000 : 100), 't');
            return make("symlink " + name, [&](auto& fs, auto pick) {
                return fs.symlink(pick(dir), name, target, made);
            });
        }
        return make("create " + name, [&](auto& fs, auto pick) {
            return fs.create(pick(dir), name, made);
        });
    }
    if (choice < 20 && features_.links && !many) {
        const Pair file = any();
        return both("link " + name, [&](auto& fs, auto pick) {
            return fs.link(pick(file), pick(dir), name);
        });
    }
    if (choice < 31) {
        return both("unlink " + name,
                    [&](auto& fs, auto pick) { return fs.unlink(pick(dir), name); });
    }
    if (choice < 35) {
        return both("remove_directory " + name, [&](auto& fs, auto pick) {
            return fs.remove_directory(pick(dir), name);
        });
    }
    if (choice < 42) return rename_both();
    return both("lookup " + name,
                [&](auto& fs, auto pick) { return fs.lookup(pick(dir), name); });
}

template <class F>
bool RandomCalls<F>::rename_both() {
    const Pair from = directory();
    const Pair to = directory();
    const std::string old = name();
    const std::string fresh = name();
    const bool replace = !chance(5);
    return both("rename " + old + " to " + fresh, [&](auto& fs, auto pick) {
        return fs.rename(pick(from), old, pick(to), fresh, replace);
    });
}

template <class F>
bool RandomCalls<F>::data_step(std::uint64_t choice) {
    const Pair file = of_kind(Kind::file);
    if (choice < 60) return write_both();
    if (choice < 71) return read_both();
    const std::uint64_t at = offset();
    if (choice < 75) {
        return both("truncate " + std::to_string(at), [&](auto& fs, auto pick) {
            return fs.truncate(pick(file), at);
        });
    }
    const std::uint64_t bytes = below(chance(4) ? 300'000 : 10'000);
    if (choice < 78 && features_.space) {
        if constexpr (requires { fs_.punch(Inode{}, 0, 0); }) {
            return both("punch " + std::to_string(at) + " " + std::to_string(bytes),
                        [&](auto& fs, auto pick) { return fs.punch(pick(file), at, bytes); });
        }
    }
    if (features_.space) {
        if constexpr (requires { fs_.allocate(Inode{}, 0, 0, true); }) {
            const bool keep = chance(2);
            return both("allocate " + std::to_string(at) + " " + std::to_string(bytes),
                        [&](auto& fs, auto pick) {
                            return fs.allocate(pick(file), at, bytes, keep);
                        });
        }
    }
    return read_both();
}

template <class F>
bool RandomCalls<F>::write_both() {
    const Pair file = of_kind(Kind::file);
    const std::uint64_t at = offset();
    const std::size_t size = chance(features_.large_one_in) ? below(300'000)
                             : chance(3)                    ? below(20'000)
                                                            : below(500);
    call_ = "write " + std::to_string(at) + " " + std::to_string(size);
    auto bytes = data(size);
    const auto mine = fs_.write(file.first, at, bytes);
    if (!mine && full(mine.error())) return true;
    if (mine && *mine < bytes.size()) {
        if (*mine == 0 || !full(Error::no_space)) {
            return fail("only " + std::to_string(*mine) + " bytes");
        }
        bytes = bytes.first(*mine);
    }
    return same(mine, reference_.write(file.second, at, bytes));
}

template <class F>
bool RandomCalls<F>::read_both() {
    const Pair file = of_kind(Kind::file);
    const std::uint64_t at = offset();
    const std::size_t size = chance(features_.large_one_in) ? below(300'000) : below(10'000);
    call_ = "read " + std::to_string(at) + " " + std::to_string(size);
    buffer_.assign(size, std::byte{1});
    other_buffer_.assign(size, std::byte{1});
    const auto mine = fs_.read(file.first, at, buffer_);
    const auto theirs = reference_.read(file.second, at, other_buffer_);
    if (!same(mine, theirs)) return false;
    if (!mine) return true;
    if (*mine != *theirs) {
        return fail(std::to_string(*mine) + " bytes instead of " + std::to_string(*theirs));
    }
    return std::equal(buffer_.begin(), buffer_.begin() + *mine, other_buffer_.begin())
               ? true
               : fail("other data");
}

template <class F>
bool RandomCalls<F>::other_step(std::uint64_t choice) {
    if (choice < 84) return opened_both();
    if (choice < 87) return attributes_both();
    if (choice < 90 && features_.attributes) return extended_both();
    if (choice < 92 && features_.attributes) return extended_read_both();
    if (choice < 94) return list_both();
    if (choice < 95) {
        const Pair file = any();
        durable_ = both("fsync", [&](auto& fs, auto pick) { return fs.fsync(pick(file), false); });
        // Only what was found is durable.
        const bool done = durable_;
        durable_ = done && reference_.alive(file.second);
        return done;
    }
    if (choice == 95) {
        return durable_ = both("sync", [](auto& fs, auto) { return fs.sync(); });
    }
    const Pair file = any();
    call_ = "attributes";
    const auto mine = fs_.attributes(file.first);
    const auto theirs = reference_.attributes(file.second);
    if (!same(mine, theirs)) return false;
    if (!mine) return true;
    const auto seen = [](const Attributes& attributes) {
        return sim::testbed::crash::Seen{attributes, {}, {}, {}};
    };
    const std::string words = sim::testbed::crash::difference(seen(*theirs), seen(*mine));
    return words.empty() ? true : fail(words);
}

template <class F>
bool RandomCalls<F>::opened_both() {
    if (opened_.size() < 20 && chance(2)) {
        const Pair file = any();
        const bool lives = reference_.alive(file.second);
        if (!both("open", [&](auto& fs, auto pick) { return fs.open(pick(file)); })) {
            return false;
        }
        if (lives) opened_.push_back(file);
        return true;
    }
    if (opened_.empty()) return true;
    const std::size_t i = below(opened_.size());
    const Pair file = opened_[i];
    opened_.erase(opened_.begin() + static_cast<std::ptrdiff_t>(i));
    return both("close", [&](auto& fs, auto pick) { return fs.close(pick(file)); });
}

template <class F>
bool RandomCalls<F>::attributes_both() {
    const Pair file = any();
    AttributeChange change;
    change.has_mode = chance(2);
    change.has_owner = chance(2);
    change.has_accessed = chance(2);
    change.has_modified = chance(2);
    change.mode = static_cast<std::uint16_t>(below(010000));
    change.user = static_cast<std::uint32_t>(below(5));
    change.group = static_cast<std::uint32_t>(below(5));
    change.accessed = time();
    change.modified = time();
    return both("set_attributes", [&](auto& fs, auto pick) {
        return fs.set_attributes(pick(file), change);
    });
}

template <class F>
bool RandomCalls<F>::extended_both() {
    const Pair file = any();
    const std::string key = chance(50) ? std::string(256, 'k') : "user." + name();
    if (chance(3)) {
        return both("remove_attribute " + key, [&](auto& fs, auto pick) {
            return fs.remove_attribute(pick(file), key);
        });
    }
    const auto value = data(below(chance(5) ? 601 : 40));
    return both("set_attribute " + key, [&](auto& fs, auto pick) {
        return fs.set_attribute(pick(file), key, value);
    });
}

template <class F>
bool RandomCalls<F>::extended_read_both() {
    const Pair file = any();
    const std::string key = "user." + name();
    std::vector<std::byte> mine_value(below(700));
    std::vector<std::byte> their_value(mine_value.size());
    call_ = "get_attribute " + key;
    const auto mine = fs_.get_attribute(file.first, key, mine_value);
    const auto theirs = reference_.get_attribute(file.second, key, their_value);
    if (!same(mine, theirs)) return false;
    if (!mine) return true;
    return *mine == *theirs && mine_value == their_value ? true : fail("another value");
}

template <class F>
bool RandomCalls<F>::list_both() {
    const Pair dir = directory();
    call_ = "entry";
    std::vector<std::string> names[2];
    for (std::uint64_t at = 0;;) {
        const auto entry = fs_.entry(dir.first, at);
        if (!entry && entry.error() == Error::no_entry) break;
        if (!entry) return same(entry, reference_.entry(dir.second, 0));
        if (entry->next <= at) return fail("the next position is not behind this one");
        names[0].emplace_back(entry->name);
        at = entry->next;
    }
    for (std::uint64_t at = 0;;) {
        const auto entry = reference_.entry(dir.second, at);
        if (!entry && entry.error() == Error::no_entry) break;
        if (!entry) return fail("listed, and should be an error");
        names[1].emplace_back(entry->name);
        at = entry->next;
    }
    std::ranges::sort(names[0]);
    return names[0] == names[1] ? true : fail("other names");
}

template <class F>
bool RandomCalls<F>::remount() {
    call_ = "unmount";
    if (!same(fs_.unmount(), reference_.unmount())) return false;
    call_ = "mount";
    if (!same(fs_.mount(), reference_.mount())) return false;
    opened_.clear();
    durable_ = true;
    std::erase_if(known_, [&](const Pair& p) { return !reference_.alive(p.second); });
    return true;
}

template <class F>
bool RandomCalls<F>::compare() {
    call_ = "all";
    const auto mine = sim::testbed::crash::take_picture(fs_);
    if (!mine) {
        io_seen_ = mine.error().error == Error::io;
        return fail("\"" + mine.error().path + "\": error " +
                    std::to_string(static_cast<int>(mine.error().error)));
    }
    const auto theirs = sim::testbed::crash::take_picture(reference_);
    if (!theirs) return fail("the reference cannot be read");
    const std::string words = sim::testbed::crash::difference(*theirs, *mine, "the reference",
                                                              "the file system");
    return words.empty() ? true : fail(words);
}

}  // namespace tests::fs_model
