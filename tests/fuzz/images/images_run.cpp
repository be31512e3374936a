#include "tests/fuzz/images/images_run.hpp"

#include <array>
#include <memory>

#include "tests/fuzz/images/victims.hpp"

namespace tests::fuzz {

namespace {

ImageEnd last;

// Made when first asked for, then gone back to.
struct Stage {
    const Victim* victim;
    OverlayDevice device;
    std::vector<std::uint64_t> metadata;
};

Stage& stage(unsigned index) {
    static std::array<std::unique_ptr<Stage>, images_count> stages;
    auto& found = stages[index];
    if (found == nullptr) {
        const Victim& of = victim(index);
        found = std::make_unique<Stage>(Stage{&of, of.make(), {}});
        found->metadata = metadata_of(found->device, of.sealing);
    }
    return *found;
}

}  // namespace

const Victim& victim(unsigned index) {
    const Victim* const all[images_count] = {&cofs_victim,  &log_victim,   &log_tail_victim,
                                             &fat12_victim, &fat16_victim, &fat32_victim};
    return *all[index];
}

ImageEnd image_end() { return last; }

std::string run_image(std::span<const std::uint8_t> input) {
    last = {};
    if (input.size() < 2) return {};
    Stage& on = stage(input[0] % images_count);
    const Victim& of = *on.victim;
    const auto edits = input.subspan(2);
    std::string found;
    apply(on.device, of.sealing, on.metadata, edits);
    if ((input[1] & 1) == 0) found = of.check(on.device, false, last);
    if (found.empty()) last.mounted = of.use(on.device, input[1]);
    // Again from the edits on: what a repair makes of them, and of what use made of them.
    if ((input[1] & 2) == 0) {
        on.device.go_back();
        apply(on.device, of.sealing, on.metadata, edits);
    }
    if (found.empty()) found = of.check(on.device, true, last);
    on.device.go_back();
    return found;
}

}  // namespace tests::fuzz
