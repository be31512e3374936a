// Declarations: what a program is called and which typed arguments it takes.
//
// One declaration serves three readers: the testbed checks a scenario's arguments against it
// before anything runs (with line and column), the runtime parses them on both machines, and
// `chitin list` prints it. Constant data only.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace libos::rt {

enum class ParameterKind : std::uint8_t {
    integer,  // decimal, within [minimum, maximum]
    text,     // any bytes but newline
    boolean,  // true or false
    choice,   // one of `choices`, separated by spaces
    policy,   // the name of a replacement policy (libos/policy/list.hpp)
    trace,    // a memory trace: the testbed turns the path into a module, the value its index
    requests,  // a trace of requests: as trace; not given where the fallback is "none"
};

struct Parameter {
    std::string_view name;
    ParameterKind kind;
    std::string_view fallback;  // as written in a scenario; empty: the argument is required
    std::string_view help;      // one line, with the unit
    std::int64_t minimum = 0;
    std::int64_t maximum = INT64_MAX;
    std::string_view choices = {};
};

struct Declaration {
    std::string_view name;
    std::string_view summary;
    std::span<const Parameter> parameters;
};

}  // namespace libos::rt
