#include "sim/testbed/crash/picture.hpp"

#include <functional>
#include <string_view>

#include <fmt/format.h>

namespace sim::testbed::crash {

namespace {

using libos::fs::Attributes;
using libos::fs::Kind;
using libos::fs::Timestamp;

std::string text(Timestamp time) {
    return fmt::format("{}.{:09}", time.seconds, time.nanoseconds);
}

const char* text(Kind kind) {
    switch (kind) {
        case Kind::file: return "file";
        case Kind::directory: return "directory";
        case Kind::symlink: return "symbolic link";
    }
    return "?";
}

std::string attribute_difference(const Attributes& a, const Attributes& b) {
    const auto says = [](const char* what, const auto& expected, const auto& found) {
        return fmt::format("{} {} instead of {}", what, found, expected);
    };
    if (a.kind != b.kind) return says("is a", text(a.kind), text(b.kind));
    if (a.mode != b.mode) {
        return fmt::format("mode {:o} instead of {:o}", b.mode, a.mode);
    }
    if (a.links != b.links) return says("links", a.links, b.links);
    if (a.user != b.user) return says("user", a.user, b.user);
    if (a.group != b.group) return says("group", a.group, b.group);
    if (a.kind != Kind::directory && a.size != b.size) return says("size", a.size, b.size);
    if (a.modified != b.modified) return says("modified", text(a.modified), text(b.modified));
    if (a.accessed != b.accessed) return says("accessed", text(a.accessed), text(b.accessed));
    if (a.changed != b.changed) return says("changed", text(a.changed), text(b.changed));
    return {};
}

}  // namespace

bool Seen::operator==(const Seen& other) const { return difference(*this, other).empty(); }

std::string difference(const Seen& expected, const Seen& found) {
    std::string words = attribute_difference(expected.attributes, found.attributes);
    if (!words.empty()) return words;
    if (expected.data != found.data) {
        const auto [at, other] = std::ranges::mismatch(expected.data, found.data);
        return fmt::format("data differ from byte {} on", at - expected.data.begin());
    }
    if (expected.extended != found.extended) {
        return fmt::format("{} extended attributes instead of {}, or other values",
                           found.extended.size(), expected.extended.size());
    }
    if (expected.first_path != found.first_path) {
        return fmt::format("the same file as \"{}\" instead of \"{}\"", found.first_path,
                           expected.first_path);
    }
    return {};
}

std::string difference(const Picture& left, const Picture& right, const std::string& left_name,
                       const std::string& right_name) {
    for (const auto& [path, seen] : left) {
        const auto other = right.find(path);
        if (other == right.end()) {
            return fmt::format("\"{}\" is in {} and not in {}", path, left_name, right_name);
        }
        const std::string words = difference(seen, other->second);
        if (!words.empty()) {
            return fmt::format("\"{}\" in {}: {} in {}", path, right_name, words, left_name);
        }
    }
    for (const auto& [path, seen] : right) {
        if (!left.contains(path)) {
            return fmt::format("\"{}\" is in {} and not in {}", path, right_name, left_name);
        }
    }
    return {};
}

std::uint64_t digest(const Picture& picture) {
    std::uint64_t hash = 0xcbf29ce484222325;
    const auto add = [&hash](std::string_view bytes) {
        hash = (hash ^ std::hash<std::string_view>{}(bytes)) * 0x100000001b3;
    };
    for (const auto& [path, seen] : picture) {
        const Attributes& a = seen.attributes;
        add(path);
        add(fmt::format("{} {} {} {} {} {} {} {} {}", text(a.kind), a.mode, a.links, a.user,
                        a.group, a.kind == Kind::directory ? 0 : a.size, text(a.accessed),
                        text(a.modified), text(a.changed)));
        add(seen.data);
        for (const auto& [name, value] : seen.extended) {
            add(name);
            add(value);
        }
        add(seen.first_path);
    }
    return hash;
}

}  // namespace sim::testbed::crash
