#include "kernel/code/object.hpp"

#include "kernel/code/interpreter.hpp"

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

constexpr WindowRule ownership_windows[] = {{frame_window_bytes, frame_window_bytes, false},
                                            {frame_window_bytes, frame_window_bytes, true}};
constexpr std::uint32_t ownership_explored_max = 1u << 17;
constexpr Contract ownership{.windows = ownership_windows,
                             .helpers = {},
                             .steps_max = abi::ownership_steps_max,
                             .explored_max = ownership_explored_max};

}  // namespace

const Contract& contract_of(CodeKind kind) {
    return kind == CodeKind::ownership ? ownership : predicate;
}

std::uint64_t run(Program program, jit::Entry compiled, std::span<const Window> windows,
                  std::span<std::byte> stack) {
    const Arguments arguments = arguments_of(windows);
    if (compiled == nullptr) return interpret(program, {arguments, stack, {}});
    return compiled(&arguments, stack.data() + stack.size());
}

}  // namespace kernel::code
