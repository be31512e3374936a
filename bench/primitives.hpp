// Primitives: what `meter` (scenarios/programs/meter.cpp) measured on one machine.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <string>

namespace bench {

// Operation -> what one of it takes: nanoseconds (hosted) or instructions (image).
using Figures = std::map<std::string, double>;

// Nanoseconds a tick of this host's time-stamp counter lasts, measured against the clock.
double nanoseconds_per_tick();

// Both return the median batch of each operation, or why there is none.
std::expected<Figures, std::string> hosted_figures(std::uint64_t repetitions);
// `image`: the folder with chitin.elf and programs/; QEMU counts instructions (-icount).
std::expected<Figures, std::string> image_figures(std::uint64_t repetitions,
                                                  const std::string& image);

}  // namespace bench
