#include "kernel/code/object.hpp"

namespace kernel::code {

namespace {

constexpr auto frame_window_bytes = static_cast<std::uint32_t>(abi::page_size);
constexpr WindowRule predicate_windows[] = {{frame_window_bytes, frame_window_bytes, false},
                                            {frame_window_bytes, frame_window_bytes, false}};
// Verification of a program of code_units_max that loops to its bound is over long before.
constexpr std::uint32_t predicate_explored_max = 1u << 16;
constexpr Contract predicate{.windows = predicate_windows,
                             .helpers = {},
                             .steps_max = abi::predicate_steps_max,
                             .explored_max = predicate_explored_max};

}  // namespace

const Contract& contract_of(CodeKind) { return predicate; }

}  // namespace kernel::code
