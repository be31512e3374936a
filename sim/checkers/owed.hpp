// Owed: no environment sleeps that was to be told something.
//
// An upcall that is pending, a wake that came: whoever is owed one may not sleep (kernel/abi/
// call.hpp, park; kernel/env/upcalls.cpp, post). The kernel checks where it lets an environment
// sleep and where it posts; this looks at those that sleep. What the kernel forgot altogether it
// cannot see: programs that count what they are told can (scenario churn).
//
// The word `pending` in the upcall page is the libOS's own: one that lets another environment
// write there while it sleeps would be accused wrongly.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace sim::checkers {

// As verify_conservation: empty, or who sleeps though it is owed what.
std::string verify_owed(std::span<const std::byte> pool);

}  // namespace sim::checkers
