// Victims: the valid images that edits begin with, and what their formats can be asked.
#pragma once

#include <cstdint>
#include <string>

#include "tests/fuzz/images/edits.hpp"
#include "tests/fuzz/images/images_run.hpp"

namespace tests::fuzz {

struct Victim {
    Sealing sealing;
    OverlayDevice (*make)();
    // Mounts, walks, disturbs, unmounts. False: it does not mount.
    bool (*use)(OverlayDevice& device, std::uint32_t seed);
    // Checks; with `repair` repairs, then checks that it did. What is wrong, or the empty string.
    std::string (*check)(OverlayDevice& device, bool repair, ImageEnd& end);
};

const Victim& victim(unsigned index);

extern const Victim cofs_victim;
extern const Victim log_victim;
extern const Victim log_tail_victim;
extern const Victim fat12_victim;
extern const Victim fat16_victim;
extern const Victim fat32_victim;

}  // namespace tests::fuzz
