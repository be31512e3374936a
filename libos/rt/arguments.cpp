#include "libos/rt/arguments.hpp"

#include <charconv>

#include "kernel/abi/bundle.hpp"
#include "kernel/base/assert.hpp"

namespace libos::rt {

namespace {

// substr() may throw, which nothing here can.
std::string_view part(std::string_view text, std::size_t first, std::size_t size) {
    return {text.data() + first, size};
}

// Takes the first line off `text`.
std::string_view take_line(std::string_view& text) {
    std::size_t end = 0;
    while (end < text.size() && text[end] != '\n') ++end;
    const std::string_view line = part(text, 0, end);
    text.remove_prefix(end < text.size() ? end + 1 : end);
    return line;
}

struct Pair {
    std::string_view name;
    std::string_view value;
};

Pair split(std::string_view line) {
    std::size_t at = 0;
    while (at < line.size() && line[at] != '=') ++at;
    if (at == line.size()) return {line, {}};
    return {part(line, 0, at), part(line, at + 1, line.size() - at - 1)};
}

std::optional<std::int64_t> number_of(std::string_view value) {
    std::int64_t number = 0;
    const char* end = value.data() + value.size();
    const auto result = std::from_chars(value.data(), end, number);
    if (result.ec != std::errc{} || result.ptr != end) return std::nullopt;
    return number;
}

bool among(std::string_view choices, std::string_view value) {
    while (!choices.empty()) {
        std::size_t end = 0;
        while (end < choices.size() && choices[end] != ' ') ++end;
        if (part(choices, 0, end) == value) return true;
        choices.remove_prefix(end < choices.size() ? end + 1 : end);
    }
    return false;
}

}  // namespace

std::optional<std::string_view> unfit(const Parameter& parameter, std::string_view value) {
    switch (parameter.kind) {
        case ParameterKind::integer: {
            const auto number = number_of(value);
            if (!number) return "a decimal integer";
            const bool inside = *number >= parameter.minimum && *number <= parameter.maximum;
            if (!inside) return "an integer within the declared range";
            return std::nullopt;
        }
        case ParameterKind::boolean:
            if (value != "true" && value != "false") return "true or false";
            return std::nullopt;
        case ParameterKind::choice:
            if (!among(parameter.choices, value)) return parameter.choices;
            return std::nullopt;
        case ParameterKind::requests:
            if (value == "none") return std::nullopt;
            [[fallthrough]];
        case ParameterKind::trace: {
            const auto number = number_of(value);
            const bool inside = number && *number >= 0 && *number < kernel::abi::env_modules_max;
            if (!inside) return "the index of a module";
            return std::nullopt;
        }
        case ParameterKind::policy:
            if (value.empty()) return "the name of a policy";
            return std::nullopt;
        case ParameterKind::text:
            return std::nullopt;
    }
    return std::nullopt;
}

const Parameter* Arguments::parameter(std::string_view name) const {
    for (const Parameter& parameter : declaration_->parameters) {
        if (parameter.name == name) return &parameter;
    }
    return nullptr;
}

std::optional<std::string_view> Arguments::given(std::string_view name) const {
    std::string_view rest = text_;
    while (!rest.empty()) {
        const Pair pair = split(take_line(rest));
        if (pair.name == name) return pair.value;
    }
    return std::nullopt;
}

std::optional<ArgumentProblem> Arguments::check_line(std::string_view name,
                                                     std::string_view value) const {
    const Parameter* known = parameter(name);
    if (known == nullptr) return ArgumentProblem{name, value, "no such parameter"};
    if (const auto expected = unfit(*known, value)) return ArgumentProblem{name, value, *expected};
    return std::nullopt;
}

std::optional<ArgumentProblem> Arguments::check() const {
    std::string_view rest = text_;
    while (!rest.empty()) {
        const std::string_view line = take_line(rest);
        const Pair pair = split(line);
        if (pair.name.size() == line.size()) return ArgumentProblem{line, {}, "name=value"};
        if (const auto problem = check_line(pair.name, pair.value)) return problem;
    }
    for (const Parameter& parameter : declaration_->parameters) {
        if (parameter.fallback.empty() && !given(parameter.name)) {
            return ArgumentProblem{parameter.name, {}, parameter.help};
        }
    }
    return std::nullopt;
}

std::string_view Arguments::text(std::string_view name) const {
    const Parameter* known = parameter(name);
    CHITIN_ASSERT(known != nullptr);
    return given(name).value_or(known->fallback);
}

std::int64_t Arguments::integer(std::string_view name) const {
    const auto number = number_of(text(name));
    CHITIN_ASSERT(number.has_value());
    return *number;
}

}  // namespace libos::rt
