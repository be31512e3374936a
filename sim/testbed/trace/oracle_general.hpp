#pragma once

/// oracleGeneral: libCacheSim's binary trace format.
///
///     byte  0        4                12       16                24
///           | time   | id             | size   | next access     |     little endian, packed
///           | u32 s  | u64            | u32    | i64, see below  |
///
/// Why: it is what the large public trace collections are distributed in, and what `chitin record`
/// writes, so recorded runs and published traces are replayed alike.
///
/// The format has no place for writes. `chitin record` has no clock to write down either, so its
/// traces carry them in the time: record n's is 2n, or 2n + 1 for a write (modulo 2^32). A file in
/// which *every* record's time is so is taken to tell writes; one record that is not, and none is.
/// Other tools see a clock that runs forward.
///
/// The next-access field (the record number of the id's next reference, or -1) is written but not
/// read: the replay works it out from the references themselves, which cannot be wrong.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>

#include "sim/testbed/trace/builder.hpp"
#include "sim/testbed/trace/byte_source.hpp"
#include "sim/testbed/trace/trace.hpp"

namespace sim::testbed::trace {

inline constexpr std::size_t oracle_record_bytes = 24;

/// Add all records of `source`, which begins with `head` (already read from it), to `builder`.
/// A record of size 0 weighs 1. Errors: a record cut short, a trace too large, `source`'s own.
[[nodiscard]] std::expected<void, TraceError> read_oracle_general(
    ByteSource& source, std::span<const std::byte> head, Builder& builder);

/// Write `trace` to `path` as zstd-compressed oracleGeneral: time is the reference's number
/// modulo 2^32, or twice it plus the write where the trace tells writes, size its weight or
/// `default_size` where it has none. Errors: the file's.
[[nodiscard]] std::expected<void, TraceError> write_oracle_general_zst(
    const std::string& path, const Trace& trace, std::uint32_t default_size);

}  // namespace sim::testbed::trace
