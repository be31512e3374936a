#pragma once

/// The files of expected results. They are not part of the repository: they are looked for in
/// $CHITIN_DATA and in ../shared/data beside it; without them their tests are skipped.

#include <cstdlib>
#include <filesystem>

namespace tests::sched {

inline std::filesystem::path oracle_path(const char* name) {
    if (const char* const data = std::getenv("CHITIN_DATA")) {
        return std::filesystem::path{data} / "sched-oracles" / name;
    }
    return std::filesystem::path{CHITIN_SOURCE_DIR} / "../shared/data/sched-oracles" / name;
}

}  // namespace tests::sched
