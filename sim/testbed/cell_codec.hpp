#pragma once

/// The cell codec: a CellResult as bytes, to come back from a worker process.
///
/// Invariant: decode(encode(x)) == x; bytes that encode() did not make are an error, not a crash.

#include <expected>
#include <string>
#include <string_view>

#include "sim/engine/cell_result.hpp"

namespace sim::testbed {

[[nodiscard]] std::string encode_cell(const engine::CellResult& result);
[[nodiscard]] std::expected<engine::CellResult, std::string> decode_cell(std::string_view bytes);

}  // namespace sim::testbed
