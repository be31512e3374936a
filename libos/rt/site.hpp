// Sites: where a machine that searches for a libOS's bugs may interfere with it.
//
// Why beside the kernel's: that a message is seen before it is whole, or that a wait ends for
// nothing, happens in a libOS's own code, between two kernel entries. The machine's header
// `site_impl.hpp` is found on the include path, as its side of the seam is: on the bare machine
// the answer is the constant 0, and nothing is left of the site.
#pragma once

#include "kernel/abi/site.hpp"
#include "site_impl.hpp"

namespace libos::rt {

using kernel::abi::LibosSite;

// How much worse than usual; 0: not at all, and always where nobody searches.
[[gnu::always_inline]] inline std::uint64_t disturbed(LibosSite site) {
    return machine_site(site);
}

}  // namespace libos::rt
