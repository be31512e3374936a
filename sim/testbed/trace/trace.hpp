#pragma once

/// The trace: a program's references to pages (or blocks, or objects), ready to be replayed.
///
/// Why: files name pages by arbitrary 64-bit numbers; policies want 0..n-1. The numbering is done
/// once, in order of first appearance, so a replay is a walk over one array.
///
/// Invariants: every page[i] < ids.size(); weight and write are empty or as long as page.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sim::testbed::trace {

/// A page's dense number within one trace.
using DensePage = std::uint32_t;

struct Trace {
    std::vector<DensePage> page;        ///< one element a reference
    std::vector<std::uint32_t> weight;  ///< bytes, where asked for
    std::vector<std::uint8_t> write;    ///< 1 for a write, where the format tells
    std::vector<std::uint64_t> ids;     ///< what the file calls each dense page

    [[nodiscard]] std::uint64_t references() const { return page.size(); }
    [[nodiscard]] std::uint32_t pages() const { return static_cast<std::uint32_t>(ids.size()); }
};

/// What is wrong with an input, complete with its place: "FILE: line 3: expected ..., found ...".
struct TraceError {
    std::string message;
};

/// A trace file's format, whatever its compression.
enum class Format : std::uint8_t {
    oracle_general,  ///< 24-byte little-endian records (libCacheSim)
    block_numbers,   ///< one decimal number a line (LIRS traces)
    arc_lis,         ///< `start count ignore request` a line (ARC traces)
    lackey,          ///< valgrind --tool=lackey --trace-mem=yes
    spec_address,    ///< `l|s 0xADDRESS n` a line (SPEC CPU2000 load/store traces)
};

/// The name by which --format knows `format`.
[[nodiscard]] std::string_view name(Format format);

/// The format called `name`, if any.
[[nodiscard]] std::optional<Format> format_named(std::string_view name);

/// All formats' names, separated by ", ".
[[nodiscard]] std::string format_names();

/// Whether records of `format` carry a size.
[[nodiscard]] bool has_sizes(Format format);

/// log2 of the page size by which address traces are cut into pages.
inline constexpr unsigned page_shift = 12;

/// More references than this are refused: a hostile file must not exhaust memory unnoticed.
inline constexpr std::uint64_t references_max = std::uint64_t{1} << 31;

}  // namespace sim::testbed::trace
