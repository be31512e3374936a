#pragma once

/// The list of replacement policies: the one place that names them all.
///
/// Why: a command line or a scenario chooses a policy by name at run time, but policies are types,
/// with nothing virtual. with_policy() unrolls the list at compile time and calls the visitor with
/// the type whose name matches. To add a policy: one header, one line here, twice (include, type).

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>

#include "libos/policy/aging.hpp"
#include "libos/policy/arc.hpp"
#include "libos/policy/car.hpp"
#include "libos/policy/clock.hpp"
#include "libos/policy/clock_pro.hpp"
#include "libos/policy/fifo.hpp"
#include "libos/policy/lfu.hpp"
#include "libos/policy/lirs.hpp"
#include "libos/policy/lru.hpp"
#include "libos/policy/mru.hpp"
#include "libos/policy/nru.hpp"
#include "libos/policy/opt.hpp"
#include "libos/policy/random.hpp"
#include "libos/policy/replacement.hpp"
#include "libos/policy/s3_fifo.hpp"
#include "libos/policy/s4_lru.hpp"
#include "libos/policy/sieve.hpp"
#include "libos/policy/two_q.hpp"
#include "libos/policy/w_tiny_lfu.hpp"
#include "libos/policy/ws_clock.hpp"

namespace libos::policy {

template <Replacement... P>
struct PolicyList {
    static constexpr std::size_t size = sizeof...(P);
    static constexpr std::array<std::string_view, size> names{P::name...};
    static constexpr std::array<std::string_view, size> summaries{P::summary...};
    static constexpr std::array<std::string_view, size> papers{P::paper...};
};

using Policies = PolicyList<
    Fifo,
    Random,
    Lru,
    Mru,
    Lfu,
    Clock<false>,
    Clock<true>,
    Nru,
    Aging,
    WsClock,
    TwoQ,
    Arc,
    Car,
    Lirs,
    ClockPro,
    S3Fifo,
    S4Lru,
    Sieve,
    WTinyLfu,
    Opt>;

/// The names of all policies, in the order of the list.
[[nodiscard]] constexpr const std::array<std::string_view, Policies::size>& policy_names() {
    return Policies::names;
}

/// Call `visitor(std::type_identity<P>{})` with every policy in turn.
template <typename Visitor, typename... P>
constexpr void for_each_policy(Visitor&& visitor, PolicyList<P...> = {}) {
    (visitor(std::type_identity<P>{}), ...);
}

/// Call `visitor(std::type_identity<P>{})` for the policy called `name`; false if there is none.
template <typename Visitor>
constexpr bool with_policy(std::string_view name, Visitor&& visitor) {
    bool found = false;
    for_each_policy(
        [&](auto policy) {
            using P = typename decltype(policy)::type;
            if (found || P::name != name) return;
            found = true;
            visitor(policy);
        },
        Policies{});
    return found;
}

}  // namespace libos::policy
