// Arguments: a program's typed arguments, checked against its declaration.
//
// The text is what the boot bundle holds: "name=value\n" lines. The testbed has checked a
// scenario before anything ran; here it is checked again, because a bundle is an allegation.
//
// Invariant: after check() succeeded every getter of a declared parameter succeeds.
#pragma once

#include <optional>
#include <string_view>

#include "libos/rt/declaration.hpp"

namespace libos::rt {

// What is wrong with one argument.
struct ArgumentProblem {
    std::string_view name;
    std::string_view value;
    std::string_view expected;
};

class Arguments {
public:
    Arguments(std::string_view text, const Declaration& declaration)
        : text_{text}, declaration_{&declaration} {}

    // The first problem, or nothing.
    std::optional<ArgumentProblem> check() const;

    // Of a declared parameter only (asserted). The value given, or the fallback.
    std::string_view text(std::string_view name) const;
    std::int64_t integer(std::string_view name) const;
    bool boolean(std::string_view name) const { return text(name) == "true"; }

private:
    std::optional<ArgumentProblem> check_line(std::string_view name, std::string_view value) const;
    std::optional<std::string_view> given(std::string_view name) const;
    const Parameter* parameter(std::string_view name) const;

    std::string_view text_;
    const Declaration* declaration_;
};

// Why `value` is not one of `parameter`, or nothing.
std::optional<std::string_view> unfit(const Parameter& parameter, std::string_view value);

}  // namespace libos::rt
