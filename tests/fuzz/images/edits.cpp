#include "tests/fuzz/images/edits.hpp"

#include <algorithm>
#include <array>

namespace tests::fuzz {

namespace {

enum class Way : unsigned { set, add, bits, small };

struct Edit {
    unsigned width;
    bool any;
    Way way;
    bool sealed;
    bool front;
    std::uint32_t block;
    std::uint32_t place;
    std::uint64_t value;
};

Edit edit_of(std::span<const std::uint8_t, edit_bytes> bytes) {
    const unsigned how = bytes[0];
    return {.width = 1u << (how & 3),
            .any = (how >> 2 & 1) != 0,
            .way = static_cast<Way>(how >> 3 & 3),
            .sealed = (how >> 5 & 1) == 0,
            .front = (how >> 6 & 1) != 0,
            .block = bytes[1] | std::uint32_t{bytes[2]} << 8,
            .place = bytes[3] | std::uint32_t{bytes[4]} << 8,
            .value = bytes[5] | std::uint64_t{bytes[6]} << 8 | std::uint64_t{bytes[7]} << 16};
}

// Words and halves are edited where they lie in structures; the largest of them too.
std::uint64_t changed(std::uint64_t before, const Edit& edit) {
    switch (edit.way) {
        case Way::set: return (edit.value & 0x800000) != 0 ? ~(edit.value ^ 0xffffff) : edit.value;
        case Way::add: return before + edit.value - 0x800000;
        case Way::bits: return before ^ std::uint64_t{1} << edit.value % (8 * edit.width);
        case Way::small: break;
    }
    return edit.value % 1100;
}

}  // namespace

std::vector<std::uint64_t> metadata_of(const OverlayDevice& device, const Sealing& sealing) {
    std::vector<std::uint64_t> found;
    const std::uint64_t blocks = device.bytes().size() / sealing.block_bytes;
    for (std::uint64_t b = 0; b < blocks; ++b) {
        const auto block = device.bytes().subspan(b * sealing.block_bytes, sealing.block_bytes);
        if (sealing.metadata(block, b)) found.push_back(b);
    }
    return found;
}

void apply(OverlayDevice& device, const Sealing& sealing,
           std::span<const std::uint64_t> metadata, std::span<const std::uint8_t> edits) {
    const std::uint64_t ratio = sealing.block_bytes / device.block_size();
    const std::uint64_t blocks = device.blocks() / ratio;
    for (std::size_t i = 0; i < edits_max && edits.size() >= edit_bytes; ++i) {
        const Edit edit = edit_of(edits.first<edit_bytes>());
        edits = edits.subspan(edit_bytes);
        const std::uint64_t number =
            edit.any || metadata.empty() ? edit.block % blocks
                                         : metadata[edit.block % metadata.size()];
        const auto block = device.change(number * ratio, sealing.block_bytes);
        const std::size_t reach = edit.front ? std::min<std::size_t>(256, block.size())
                                             : block.size();
        const std::size_t at = edit.place % reach / edit.width * edit.width;
        std::uint64_t word = 0;
        std::memcpy(&word, block.data() + at, edit.width);
        word = changed(word, edit);
        std::memcpy(block.data() + at, &word, edit.width);
        if (edit.sealed && sealing.seal != nullptr) sealing.seal(device, number);
    }
}

}  // namespace tests::fuzz
