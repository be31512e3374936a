#pragma once

/// TomlView: typed, checked access to a parsed scenario; every mistake becomes a Problem.
///
/// Why: the reader's functions should read like the format's description. Each getter returns
/// nothing when the key is absent *or* wrong; in the second case it has said so, with the place.

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include <toml++/toml.h>

#include "sim/testbed/problem.hpp"

namespace sim::testbed {

class TomlView {
public:
    TomlView(std::string file, Problems& problems) : file_{std::move(file)}, problems_{problems} {}

    [[nodiscard]] Place place(const toml::node& node) const { return place(node.source()); }
    [[nodiscard]] Place place(const toml::source_region& source) const;

    void error(const toml::node& node, std::string message) const;
    void error_at(Place place, std::string message) const;

    /// Complains about every key of `table` that is not among `known`. `where`: "[machine]".
    void check_keys(const toml::table& table, std::string_view where,
                    std::initializer_list<std::string_view> known) const;

    [[nodiscard]] std::optional<std::int64_t> integer(const toml::table& table,
                                                      std::string_view key, std::int64_t minimum,
                                                      std::int64_t maximum) const;
    [[nodiscard]] std::optional<std::string> text(const toml::table& table,
                                                  std::string_view key) const;
    [[nodiscard]] std::optional<double> number(const toml::table& table,
                                               std::string_view key) const;
    /// Pages as an integer, or bytes as text (`64 MiB`), as whole pages within the bounds.
    [[nodiscard]] std::optional<std::uint32_t> frames(const toml::node& node, std::string_view key,
                                                      std::uint64_t minimum,
                                                      std::uint64_t maximum) const;
    /// Nanoseconds as an integer, or text with a unit (`1 ms`).
    [[nodiscard]] std::optional<std::uint64_t> duration(const toml::node& node,
                                                        std::string_view key) const;
    [[nodiscard]] const toml::table* table(const toml::table& parent, std::string_view key) const;
    [[nodiscard]] const toml::array* array(const toml::table& parent, std::string_view key) const;

    void wrong_type(const toml::node& node, std::string_view key, std::string_view expected) const;

private:
    std::string file_;
    Problems& problems_;
};

/// What a node is, in words: "an integer".
[[nodiscard]] std::string_view type_name(const toml::node& node);

/// A scalar as it is written into arguments and shown on axes: no quotes.
[[nodiscard]] std::optional<std::string> scalar_text(const toml::node& node);

}  // namespace sim::testbed
