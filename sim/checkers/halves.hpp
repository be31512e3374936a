// Halves: proves that what is lent from core to core fits together (kernel/cap/capability.hpp,
// Link), as far as messages under way leave it.
//
// - A lender's half is good for nothing, and the other half it names names it back.
// - A borrower's half is a root; told that it is wanted back, or gone, it maps nothing.
// - What a capability names in another core's part is there, in the state its type needs, until
//   that core was told that the capability is gone: so no core maps what its owner has freed.
//
// What messages under way explain: `pending` knows no other half yet; that of `recalling` may be
// gone, as that of `returning`. A core that has no environment any more has stopped, or never had
// one, and what it lent or borrowed says nothing.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace sim::checkers {

// `pool`: as for verify_conservation, which has found each part to be sound. Empty: all fits.
std::string verify_halves(std::span<const std::byte> pool);

}  // namespace sim::checkers
