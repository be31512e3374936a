#pragma once

/// Time: FAT's dates and times, taken as UTC, and the family's Timestamp.
///
/// A date is day | month << 5 | (year - 1980) << 9, a time (seconds / 2) | minute << 5 |
/// hour << 11; what lies before 1980 or after 2107 becomes the nearest that can be said.

#include "libos/fs/file_system.hpp"

namespace libos::fs::fat {

struct Stamp {
    std::uint16_t date = 0;
    std::uint16_t time = 0;
    std::uint8_t tenth = 0;  ///< 10 ms, 0..199
};

[[nodiscard]] Stamp to_stamp(Timestamp time);
/// A date that is none (month 0, say) is taken as the nearest.
[[nodiscard]] Timestamp to_timestamp(Stamp stamp);

}  // namespace libos::fs::fat
