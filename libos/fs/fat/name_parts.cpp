#include "libos/fs/fat/directory.hpp"

namespace libos::fs::fat {

namespace {

constexpr std::uint32_t parts_max =
    (name_units_max + LongSlot::units_max - 1) / LongSlot::units_max;

/// Units before the one that ends a name in its last part.
std::uint32_t used_units(const LongSlot& slot) {
    std::uint32_t used = 0;
    while (used < LongSlot::units_max && slot.unit(used) != 0) ++used;
    return used;
}

}  // namespace

bool NameParts::add(const LongSlot& slot) {
    const std::uint8_t order = slot.order & 0x3f;
    const bool last = (slot.order & LongSlot::last_part) != 0;
    const bool continues = !last && order == expected_ && slot.checksum == checksum_;
    if (order == 0 || order > parts_max || (!last && !continues)) {
        reset();
        return false;
    }
    const std::uint32_t begin = (order - 1u) * LongSlot::units_max;
    std::uint32_t units = LongSlot::units_max;
    if (last) {
        units = used_units(slot);
        if (begin + units > name_units_max) units = name_units_max - begin;
        name_.length = begin + units;
        checksum_ = slot.checksum;
    }
    for (std::uint32_t i = 0; i < units; ++i) name_.units[begin + i] = slot.unit(i);
    expected_ = static_cast<std::uint8_t>(order - 1);
    complete_ = expected_ == 0;
    return true;
}

bool NameParts::finish(const Slot& slot, LongName& name) const {
    if (!complete_ || checksum_ != checksum(slot.name) || !fit_to_show(name_)) return false;
    name = name_;
    return true;
}

}  // namespace libos::fs::fat
