#pragma once

/// Decisions: all in which one explored run differs from the run that nobody interferes with.
///
/// Why not a seed alone: a seed says how decisions were drawn, which the next version of a strategy
/// draws otherwise; the decisions themselves replay in any build of the same sources, can be taken
/// away one by one, and can be read.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "kernel/machine/site.hpp"

namespace sim::explore {

enum class DecisionKind : std::uint8_t {
    stall,       ///< the core stands still for `value` ns after its event number `at`
    kill,        ///< the environment that would run next after that event ends
    allocation,  ///< the core's `at`-th asking for a frame is refused
    message,     ///< the core's `at`-th message arrives `value` ns late
    timer,       ///< the core's `at`-th waking is `value` ns late
    interrupt,   ///< the core's `at`-th look for interrupts sees those from cores `value` too
    translation, ///< after the core's `at`-th event its TLB loses or gains what `value` draws
    publication, ///< `value` ns pass before the core's `at`-th ring message is published
    wait,        ///< the core's `at`-th wait of a libOS looks again without having slept
    frame,       ///< the core's `at`-th frame for a libOS's own use is refused by that libOS
    // of disks, which are core 0's
    disk_late,        ///< the `at`-th request is done after `value` looks at the device
    disk_error,       ///< the `at`-th request fails
    disk_latent,      ///< the `at`-th block that is read cannot be, until it is written again
    disk_torn,        ///< of the `at`-th block lost with the power `value` sectors are written
    disk_misdirected, ///< the `at`-th block that is written goes `value` blocks further
    disk_rot,         ///< of the `at`-th block that is read bit `value` has become another
    // and what no site asks for
    revocation,  ///< after the core's `at`-th account_revoke it stands still until `value` / 2 ns
                 ///< before (`value` odd) or after the deadline
};

inline constexpr std::array<std::string_view, 17> kind_names = {
    "stall",       "kill",        "allocation", "message",          "timer",     "interrupt",
    "translation", "publication", "wait",       "frame",            "disk_late", "disk_error",
    "disk_latent", "disk_torn",   "disk_misdirected", "disk_rot",   "revocation"};

constexpr std::string_view name_of(DecisionKind kind) {
    return kind_names[static_cast<std::size_t>(kind)];
}
constexpr std::optional<DecisionKind> kind_of(std::string_view name) {
    for (std::size_t i = 0; i < kind_names.size(); ++i) {
        if (kind_names[i] == name) return static_cast<DecisionKind>(i);
    }
    return std::nullopt;
}
constexpr DecisionKind kind_of(kernel::machine::Site site) {
    return static_cast<DecisionKind>(static_cast<std::size_t>(DecisionKind::allocation) +
                                     static_cast<std::size_t>(site));
}
static_assert(kind_of(kernel::machine::Site::interrupt) == DecisionKind::interrupt);
static_assert(kind_of(kernel::machine::Site::libos_frame) == DecisionKind::frame);
static_assert(kind_of(kernel::machine::Site::disk_rot) == DecisionKind::disk_rot);
static_assert(kind_of(kernel::machine::Site::site_count) == DecisionKind::revocation);
static_assert(kind_names.size() == static_cast<std::size_t>(DecisionKind::revocation) + 1);

/// `at` counts from 1, by core and kind.
struct Decision {
    DecisionKind kind = DecisionKind::stall;
    std::uint32_t core = 0;
    std::uint64_t at = 0;
    std::uint64_t value = 0;  ///< not 0
    /// Of a stall: it begins so many ns after the event, but before the next one. Where the clock
    /// counts no instructions (sim/machine/clock) no time passes between the two: at once.
    std::uint64_t after = 0;
    bool operator==(const Decision&) const = default;
};

using Decisions = std::vector<Decision>;

/// After a frame was refused, an environment killed or a disk's request lost programs may fail
/// rightly; what the kernel owes, and what a program calls a violation, it owes then too.
constexpr bool hostile(DecisionKind kind) {
    return kind == DecisionKind::kill || kind == DecisionKind::allocation ||
           kind == DecisionKind::frame ||
           (kind >= DecisionKind::disk_error && kind <= DecisionKind::disk_rot);
}
/// A disk's contents become others and nobody is told: a program without checksums says wrong
/// things then, and is right.
constexpr bool silent(DecisionKind kind) {
    return kind >= DecisionKind::disk_torn && kind <= DecisionKind::disk_rot;
}

}  // namespace sim::explore
