#pragma once

/// What a file system shows from outside: every path with its attributes, data, target and
/// extended attributes. Two file systems that show the same picture hold the same.
///
/// Inode numbers are not part of it (they may differ between two mounts); names of one file are.

#include <algorithm>
#include <array>
#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <vector>

#include "libos/fs/file_system.hpp"

namespace sim::testbed::crash {

/// One file, as seen at one path.
struct Seen {
    libos::fs::Attributes attributes;
    std::string data;                           ///< of a file; of a symbolic link its target
    std::map<std::string, std::string> extended;
    std::string first_path;                     ///< the first path to the same file
    bool operator==(const Seen&) const;
};

/// By path from the root: "A/foo". The root is "".
using Picture = std::map<std::string, Seen>;

struct PictureError {
    std::string path;
    libos::fs::Error error;
};

inline constexpr std::size_t picture_paths_max = 100'000;
inline constexpr std::uint64_t picture_file_max = std::uint64_t{64} << 20;  ///< bytes

/// The first thing in which they differ, in words; empty if nothing. `left` and `right` name them.
std::string difference(const Picture& left, const Picture& right, const std::string& left_name,
                       const std::string& right_name);
/// In words: what `found` says otherwise than `expected`; empty if nothing.
std::string difference(const Seen& expected, const Seen& found);

/// Of everything that difference() looks at: equal pictures, equal digests.
std::uint64_t digest(const Picture& picture);

namespace detail {

using libos::fs::Error;
using libos::fs::Result;

template <class F>
Result<std::string> read_all(F& fs, libos::fs::Inode inode, std::uint64_t size) {
    if (size > picture_file_max) return libos::fs::error(Error::file_too_big);
    std::string data(size, '\0');
    const auto bytes = std::as_writable_bytes(std::span{data});
    std::size_t done = 0;
    while (done < bytes.size()) {
        const auto part = fs.read(inode, done, bytes.subspan(done));
        if (!part) return libos::fs::error(part.error());
        if (*part == 0) break;
        done += *part;
    }
    data.resize(done);
    return data;
}

template <class F>
Result<std::map<std::string, std::string>> extended_of(F& fs, libos::fs::Inode inode) {
    std::map<std::string, std::string> all;
    const auto size = fs.list_attributes(inode, {});
    if (!size && size.error() == Error::not_supported) return all;
    if (!size) return libos::fs::error(size.error());
    std::string names(*size, '\0');
    if (names.empty()) return all;
    if (const auto got = fs.list_attributes(inode, std::as_writable_bytes(std::span{names})); !got)
        return libos::fs::error(got.error());
    for (std::size_t at = 0; at < names.size();) {
        const std::string name = names.c_str() + at;
        at += name.size() + 1;
        const auto bytes = fs.get_attribute(inode, name, {});
        if (!bytes) return libos::fs::error(bytes.error());
        std::string value(*bytes, '\0');
        if (!value.empty()) {
            const auto got =
                fs.get_attribute(inode, name, std::as_writable_bytes(std::span{value}));
            if (!got) return libos::fs::error(got.error());
        }
        all[name] = value;
    }
    return all;
}

template <class F>
Result<Seen> look(F& fs, libos::fs::Inode inode) {
    using libos::fs::Kind;
    Seen seen;
    const auto attributes = fs.attributes(inode);
    if (!attributes) return libos::fs::error(attributes.error());
    seen.attributes = *attributes;
    if (attributes->kind == Kind::file) {
        auto data = read_all(fs, inode, attributes->size);
        if (!data) return libos::fs::error(data.error());
        seen.data = std::move(*data);
    } else if (attributes->kind == Kind::symlink) {
        std::array<std::byte, 4096> target;
        const auto bytes = fs.read_link(inode, target);
        if (!bytes) return libos::fs::error(bytes.error());
        seen.data.assign(reinterpret_cast<const char*>(target.data()), *bytes);
    }
    auto extended = extended_of(fs, inode);
    if (!extended) return libos::fs::error(extended.error());
    seen.extended = std::move(*extended);
    return seen;
}

}  // namespace detail

/// Everything below the root. Ends whatever the file system says: at most `picture_paths_max`.
template <class F>
std::expected<Picture, PictureError> take_picture(F& fs) {
    using libos::fs::Error;
    using libos::fs::Inode;
    Picture picture;
    std::map<Inode, std::string> first;
    std::vector<std::pair<std::string, Inode>> todo{{"", fs.root()}};
    while (!todo.empty()) {
        const auto [path, inode] = todo.back();
        todo.pop_back();
        auto seen = detail::look(fs, inode);
        if (!seen) return std::unexpected(PictureError{path, seen.error()});
        if (picture.size() > picture_paths_max) {
            return std::unexpected(PictureError{path, Error::symlink_loop});
        }
        const bool directory = seen->attributes.kind == libos::fs::Kind::directory;
        picture.emplace(path, std::move(*seen));
        for (std::uint64_t at = 0; directory;) {
            const auto entry = fs.entry(inode, at);
            if (!entry && entry.error() == Error::no_entry) break;
            if (!entry) return std::unexpected(PictureError{path, entry.error()});
            const std::string name = (path.empty() ? "" : path + "/") + std::string{entry->name};
            todo.emplace_back(name, entry->inode);
            at = entry->next;
        }
    }
    for (auto& [path, seen] : picture) {
        seen.first_path = first.emplace(seen.attributes.inode, path).first->second;
    }
    return picture;
}

}  // namespace sim::testbed::crash
