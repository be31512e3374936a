#pragma once

/// The replacement family: which resident page goes when room is needed.
///
/// Why one concept: a trace replay sees every reference, a pager sees only accessed and dirty bits
/// harvested at clock intervals, a block cache sees lookups. A policy that keeps this contract
/// serves all three unchanged, so a result from one can be compared with the others.
///
/// Why dense ids: pages are numbered 0..pages-1 by the caller, so every per-page fact is an array
/// element: no hashing, no allocation, and memory linear in distinct pages.
///
/// What the caller promises (policies assert it where that is cheap):
///  - every PageId is below Config::pages, except no_page where it is named;
///  - hit(p) only while p is resident; insert(p) and evict(p) only while p is not;
///  - remove(p) only while p is resident, and never for a page that evict() returned;
///  - evict(incoming) only when at least one page is resident. It is called when room is needed,
///    perhaps several times for one incoming page (weights). `incoming` is the page that the
///    caller is about to insert, or no_page when memory is being taken back. Each call names a
///    different victim, which is no longer resident the moment evict() returns;
///  - insert(p) only when the resident weight, p included, does not exceed the capacity. When
///    there is room no evict() precedes it;
///  - a page's weight is the one given to insert(); hit() does not change it. Weight is not 0;
///  - after resize() to less than the resident weight, the caller evicts until it fits, before
///    the next insert;
///  - tick() at the end of each clock interval, after that interval's hit() calls.
///
/// What the policy promises: it is a function of (Config, the calls so far) alone, and every
/// operation is bounded by the resident and remembered pages it names in its own header.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "kernel/base/arena.hpp"
#include "kernel/base/assert.hpp"

namespace libos::policy {

/// A page's dense number, below Config::pages.
enum class PageId : std::uint32_t {};

inline constexpr PageId no_page{std::numeric_limits<std::uint32_t>::max()};

/// The array position of `page`.
[[nodiscard]] constexpr std::uint32_t position(PageId page) {
    return static_cast<std::uint32_t>(page);
}

/// Hint::next_use of a page that will not be used again, or whose future is not known.
inline constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

/// Bound of Config::capacity and resize(): policies take percentages of it in 64 bits.
inline constexpr std::uint64_t capacity_max = std::uint64_t{1} << 56;

struct Config {
    std::uint32_t pages;     ///< the universe: every id is below it; less than no_page
    std::uint64_t capacity;  ///< units of weight: frames, or bytes; from 1 to capacity_max
    std::uint64_t seed = 0;  ///< of the policy's own random stream, where it has one
};

/// What the caller knows of one reference beyond the page.
struct Hint {
    std::uint32_t weight = 1;       ///< units of capacity the page takes; read by insert()
    std::uint64_t next_use = never; ///< position of the next reference, where the future is known
    bool write = false;             ///< the reference dirtied the page
};

template <typename P>
concept Replacement =
    std::constructible_from<P, kernel::base::Arena&, const Config&> &&
    requires(P policy, const Config& config, PageId page, Hint hint, std::uint64_t capacity) {
        { P::name } -> std::convertible_to<std::string_view>;
        { P::summary } -> std::convertible_to<std::string_view>;
        { P::paper } -> std::convertible_to<std::string_view>;
        { P::bytes(config) } -> std::same_as<std::size_t>;  ///< of arena that the constructor takes
        { policy.hit(page, hint) } -> std::same_as<void>;
        { policy.evict(page) } -> std::same_as<PageId>;
        { policy.insert(page, hint) } -> std::same_as<void>;
        { policy.remove(page) } -> std::same_as<void>;
        { policy.resize(capacity) } -> std::same_as<void>;
        { policy.tick() } -> std::same_as<void>;
    };

/// Whether P decides by Hint::next_use. Such a policy says `needs_next_use = true`.
template <typename P>
inline constexpr bool clairvoyant = requires { requires P::needs_next_use; };

}  // namespace libos::policy
