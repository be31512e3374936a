#pragma once

/// One of several policies of a family, chosen at run time.
///
/// Why all are held and one is used: they are a few words each, and a file system that is compiled
/// once takes any of them without a virtual function.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>

namespace libos::fs::choice {

/// What people read of a policy.
struct Text {
    std::string_view name, summary, source;
};

/// A policy's place in its family's list.
using Index = std::uint8_t;

template <class... P>
class OneOf {
public:
    static constexpr std::size_t size = sizeof...(P);
    static constexpr std::array<Text, size> texts{Text{P::name, P::summary, P::source}...};

    /// Nothing: none has that name.
    static constexpr std::optional<Index> find(std::string_view name) {
        for (std::size_t i = 0; i < size; ++i) {
            if (texts[i].name == name) return static_cast<Index>(i);
        }
        return std::nullopt;
    }

    /// `which` beyond the list is the first.
    template <class... Settings>
    explicit OneOf(Index which, const Settings&... settings)
        : all_{P{settings...}...}, which_{which < size ? which : Index{0}} {}

    /// Calls `use` with the chosen policy.
    template <std::size_t I = 0, class Use>
    decltype(auto) with(Use&& use) {
        if constexpr (I + 1 == size) {
            return use(std::get<I>(all_));
        } else {
            if (which_ == I) return use(std::get<I>(all_));
            return with<I + 1>(use);
        }
    }

private:
    std::tuple<P...> all_;
    Index which_;
};

}  // namespace libos::fs::choice
