#pragma once

/// Structures from the bytes of a block, and back, by memcpy: what lies on a disk is no object.

#include <cstddef>
#include <cstring>
#include <span>

namespace libos::fs {

/// A T from the bytes at `offset`; the caller has checked that they are there.
template <class T>
T load(std::span<const std::byte> bytes, std::size_t offset = 0) {
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

template <class T>
void store(std::span<std::byte> bytes, std::size_t offset, const T& value) {
    std::memcpy(bytes.data() + offset, &value, sizeof value);
}

}  // namespace libos::fs
