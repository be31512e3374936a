// The summary: both machines beside Linux, and the aims.
#pragma once

#include <optional>
#include <string>

#include "bench/primitives.hpp"

namespace bench {

struct Summary {
    Figures linux_ns;                   // name -> nanoseconds
    std::optional<Figures> hosted_ns;
    std::optional<Figures> image;       // instructions
};

// Prints downloaded code's ways to run beside each other; nothing where none was measured.
void print_downloaded_code(const Figures& figures);

// Prints cofs beside tmpfs and ext4, and the aims; nothing where none was measured.
void print_file_systems(const Figures& figures);

// Prints the table and the aims; returns how many of the aims that count instructions, and so
// are exact, are missed.
int print_summary(const Summary& summary);

}  // namespace bench
