#pragma once

/// CRC-32C (Castagnoli; RFC 3720, B.4), eight bytes a step: tables of 8 KiB, constant.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace libos::fs {

namespace detail {

constexpr std::array<std::array<std::uint32_t, 256>, 8> crc_tables() {
    constexpr std::uint32_t polynomial = 0x82f63b78;  // reflected
    std::array<std::array<std::uint32_t, 256>, 8> tables{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t crc = i;
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? polynomial : 0);
        tables[0][i] = crc;
    }
    for (std::uint32_t i = 0; i < 256; ++i) {
        for (std::size_t t = 1; t < 8; ++t) {
            const std::uint32_t before = tables[t - 1][i];
            tables[t][i] = before >> 8 ^ tables[0][before & 0xff];
        }
    }
    return tables;
}

inline constexpr auto crc_table = crc_tables();

}  // namespace detail

/// Of `bytes`, going on from `before` (0: from the start).
inline std::uint32_t checksum(std::span<const std::byte> bytes, std::uint32_t before = 0) {
    static_assert(std::endian::native == std::endian::little);
    std::uint32_t crc = ~before;
    while (bytes.size() >= 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data(), 8);
        word ^= crc;
        crc = 0;
        for (unsigned t = 0; t < 8; ++t) {
            crc ^= detail::crc_table[7 - t][word >> (8 * t) & 0xff];
        }
        bytes = bytes.subspan(8);
    }
    for (const std::byte b : bytes) {
        crc = crc >> 8 ^ detail::crc_table[0][(crc ^ static_cast<std::uint32_t>(b)) & 0xff];
    }
    return ~crc;
}

}  // namespace libos::fs
