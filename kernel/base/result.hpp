// Result<T>: a value or a Status. TRY: the value, or return the Status to the caller.
#pragma once

#include <expected>

#include "kernel/abi/status.hpp"

namespace kernel::base {

using abi::Status;

template <class T>
using Result = std::expected<T, Status>;

constexpr std::unexpected<Status> error(Status status) { return std::unexpected<Status>{status}; }

}  // namespace kernel::base

// Usage: auto value = TRY(fallible());   or   TRY(fallible_without_value());
#define TRY(expression)                                            \
    ({                                                             \
        auto try_result = (expression);                            \
        if (!try_result.has_value()) [[unlikely]] {                \
            return std::unexpected{try_result.error()};            \
        }                                                          \
        *static_cast<decltype(try_result)&&>(try_result);          \
    })
