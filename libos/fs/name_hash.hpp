#pragma once

/// The hash of a name that formats keep on the disk.

#include <cstdint>
#include <string_view>

namespace libos::fs {

/// 48 bits of a name: FNV-1a, mixed.
constexpr std::uint64_t name_hash(std::string_view name) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : name) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    }
    hash ^= hash >> 32;
    hash *= 0x9e3779b97f4a7c15;
    return hash >> 16;
}

}  // namespace libos::fs
