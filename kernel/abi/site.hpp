// Sites of libOS code: where a machine that searches for bugs may make reality worse than usual for
// a program, within what is allowed (libos/rt/site.hpp). No kernel is asked.
#pragma once

#include <cstdint>

namespace kernel::abi {

enum class LibosSite : std::uint32_t {
    publication,  // between a message and the word that says it is there: so many ns pass
    idle_wait,    // a wait looks again without having slept
    frame,        // a frame for a libOS's own use is refused
    site_count,
};

}  // namespace kernel::abi
