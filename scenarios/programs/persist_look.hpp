// Every file that is there, by length and checksum.
#pragma once

#include "libos/fs/checksum.hpp"
#include "scenarios/programs/persist_parts.hpp"

namespace scenarios::persist {

template <class Fs>
class Look {
public:
    Look(Environment& env, Fs& fs)
        : env_{env}, fs_{fs}, bytes_{env.heap().array<std::byte>(std::size_t{16} << 10)},
          places_{env.heap().array<Place>(directories_max)} {
        if (bytes_.empty() || places_.empty()) env.panic("no memory to look into files");
    }

    // Every file below the root. False: something could not be read.
    bool run() {
        places_[0] = {fs_.root(), {}};
        for (std::uint32_t at = 0, count = 1; at < count; ++at) {
            count = look_into(places_[at], count);
        }
        return well_;
    }

private:
    struct Place {
        Inode inode{};
        Path path{};
    };

    void unreadable(std::string_view path, fs::Error error) {
        well_ = false;
        JsonLine line;
        line.add("unreadable", path).add("error", static_cast<std::uint32_t>(error));
        env_.report(line);
    }

    // How many directories are known then.
    std::uint32_t look_into(const Place& place, std::uint32_t count) {
        for (std::uint64_t at = 0;;) {
            const auto entry = fs_.entry(place.inode, at);
            if (!entry.has_value()) {
                if (entry.error() != fs::Error::no_entry) {
                    unreadable(place.path.view(), entry.error());
                }
                return count;
            }
            at = entry->next;
            Path path = place.path;
            const bool named = (path.size == 0 || path.add("/")) && path.add(entry->name);
            if (!named || (entry->kind == fs::Kind::directory && count == directories_max)) {
                unreadable(path.view(), fs::Error::name_too_long);
            } else if (entry->kind == fs::Kind::directory) {
                places_[count++] = {entry->inode, path};
            } else {
                look_at(entry->inode, path);
            }
        }
    }

    void look_at(Inode inode, const Path& path) {
        std::uint64_t size = 0;
        std::uint32_t sum = 0;
        for (;;) {
            const auto got = fs_.read(inode, size, bytes_);
            if (!got.has_value()) return unreadable(path.view(), got.error());
            if (*got == 0) break;
            sum = fs::checksum(bytes_.first(*got), sum);
            size += *got;
        }
        JsonLine line;
        line.add("found", path.view()).add("bytes", size).add("sum", sum);
        env_.report(line);
    }

    Environment& env_;
    Fs& fs_;
    Memory bytes_;
    std::span<Place> places_;
    bool well_ = true;
};

}  // namespace scenarios::persist
