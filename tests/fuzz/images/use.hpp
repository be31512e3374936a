// Use: the calls that a mounted file system of any format has to survive.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "libos/fs/file_system.hpp"

namespace tests::fuzz {

using libos::fs::Inode;

inline constexpr std::size_t seen_max = 200;

// Files with holes, directories, links and attributes, as far as the format has them. `mark`: after
// half of it, everything was made durable.
template <class F>
void populate(F& fs, bool mark) {
    std::vector<std::byte> data(9'000, std::byte{'x'});
    Inode directory = fs.root();
    for (unsigned i = 0; i < 40; ++i) {
        const std::string name = (i % 5 == 4 ? "a longer name of file " : "file") +
                                 std::to_string(i);
        const auto file = fs.create(directory, name, {});
        if (!file) continue;
        static_cast<void>(fs.write(*file, i % 16 == 0 ? 300'000 : i * 700, data));
        static_cast<void>(fs.set_attribute(*file, "user.a", std::span{data}.first(i * 5)));
        if (i % 3 == 0) {
            static_cast<void>(fs.link(*file, fs.root(), "link" + std::to_string(i)));
        }
        if (i % 7 == 0) static_cast<void>(fs.symlink(directory, "soft" + name, name, {}));
        if (i % 9 == 0) static_cast<void>(fs.unlink(directory, "file" + std::to_string(i - i % 2)));
        if (i % 8 == 0) directory = fs.make_directory(directory, "d", {}).value_or(directory);
        if (i == 20 && mark) static_cast<void>(fs.sync());
    }
    // One that a crash left open and nameless.
    const auto open = fs.create(fs.root(), "open", {});
    if (!open) return;
    static_cast<void>(fs.open(*open));
    static_cast<void>(fs.unlink(fs.root(), "open"));
    static_cast<void>(mark ? fs.fsync(fs.root(), false) : fs.sync());
}

// Everything that can be listed and read, as far as there is an end to it. Empty: all of it could;
// else the first refusal that is not the word for a file's end.
template <class F>
std::vector<Inode> walk(F& fs, std::string& refused) {
    std::vector<Inode> seen{fs.root()};
    std::vector<std::byte> buffer(5000);
    const auto note = [&refused](const char* what, const auto& result) {
        if (result || !refused.empty()) return;
        refused = std::string{what} + ": error " + std::to_string(static_cast<int>(result.error()));
    };
    for (std::size_t i = 0; i < seen.size(); ++i) {
        const auto attributes = fs.attributes(seen[i]);
        note("attributes", attributes);
        if (!attributes) continue;
        if (attributes->kind == libos::fs::Kind::directory) {
            std::uint64_t at = 0;
            for (int n = 0; n < 200 && seen.size() < seen_max; ++n) {
                const auto entry = fs.entry(seen[i], at);
                if (!entry && entry.error() == libos::fs::Error::no_entry) break;
                note("entry", entry);
                if (!entry) break;
                if (entry->next <= at) return refused = "entry: does not go on", seen;
                at = entry->next;
                seen.push_back(entry->inode);
            }
        } else if (attributes->kind == libos::fs::Kind::symlink) {
            note("read_link", fs.read_link(seen[i], buffer));
        } else {
            for (std::uint64_t at = 0; at < attributes->size && at < 80'000; at += buffer.size()) {
                note("read", fs.read(seen[i], at, buffer));
            }
            if (attributes->size > 0) {
                note("read", fs.read(seen[i], attributes->size - 1, buffer));
            }
        }
        static_cast<void>(fs.list_attributes(seen[i], buffer));
        static_cast<void>(fs.get_attribute(seen[i], "user.a", buffer));
    }
    return seen;
}

// Calls at random on what was seen.
template <class F>
void disturb(F& fs, std::span<const Inode> seen, std::minstd_rand& random) {
    std::vector<std::byte> buffer(9000, std::byte{7});
    for (int n = 0; n < 40; ++n) {
        const Inode a = seen[random() % seen.size()];
        const Inode b = seen[random() % seen.size()];
        const std::string name = (random() % 2 == 0 ? "file" : "link") +
                                 std::to_string(random() % 40);
        const std::uint64_t offset = random() % 400'000;
        switch (random() % 12) {
            case 0: static_cast<void>(fs.write(a, offset, buffer)); break;
            case 1: static_cast<void>(fs.truncate(a, offset)); break;
            case 2: static_cast<void>(fs.unlink(a, name)); break;
            case 3: static_cast<void>(fs.rename(a, name, b, "d", true)); break;
            case 4: static_cast<void>(fs.link(a, b, name)); break;
            case 5: static_cast<void>(fs.remove_directory(a, "d")); break;
            case 6: static_cast<void>(fs.create(a, "n" + name, {})); break;
            case 7: static_cast<void>(fs.set_attribute(a, "user.b", std::span{buffer}.first(500)));
                break;
            case 8: static_cast<void>(fs.make_directory(a, "m" + name, {})); break;
            case 9: static_cast<void>(fs.rename(a, "d", b, "e", false)); break;
            case 10: static_cast<void>(fs.fsync(a, false)); break;
            default: static_cast<void>(fs.sync()); break;
        }
    }
}

}  // namespace tests::fuzz
