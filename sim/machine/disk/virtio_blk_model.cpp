#include "sim/machine/disk/virtio_blk_model.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

namespace sim::machine::disk {

namespace {

using kernel::machine::Register;
using kernel::machine::Width;
using kernel::machine::Window;

enum Common : std::uint32_t {
    device_feature_select = 0x00,
    device_feature = 0x04,
    driver_feature_select = 0x08,
    driver_feature = 0x0c,
    num_queues = 0x12,
    device_status = 0x14,
    config_generation = 0x15,
    queue_select = 0x16,
    queue_size = 0x18,
    queue_enable = 0x1c,
    queue_notify_off = 0x1e,
    queue_addresses = 0x20,
    common_end = 0x38,
};

// [virtio] 2.1
constexpr std::uint32_t driver_known = 1 | 2, driver_ok = 4, features_ok = 8, needs_reset = 64;

constexpr std::uint32_t feature_block_size = 1u << 6, feature_flush = 1u << 9;
constexpr std::uint32_t feature_indirect = 1u << 28;
constexpr std::uint32_t feature_version_1 = 1;  // of the upper half
constexpr std::array<std::uint32_t, 2> offered{
    feature_block_size | feature_flush | feature_indirect, feature_version_1};

constexpr std::uint32_t type_read = 0, type_write = 1, type_flush = 4;
constexpr std::uint8_t status_ok = 0, status_error = 1, status_unsupported = 2;

struct Header {
    std::uint32_t type;
    std::uint32_t reserved;
    std::uint64_t sector;
};

// How wide a register of window common is; 0: there is none.
std::uint32_t width_at(std::uint32_t offset) {
    switch (offset) {
        case device_feature_select:
        case device_feature:
        case driver_feature_select:
        case driver_feature: return 4;
        case num_queues:
        case queue_select:
        case queue_size:
        case queue_enable:
        case queue_notify_off: return 2;
        case device_status:
        case config_generation: return 1;
        default: break;
    }
    return offset >= queue_addresses && offset < common_end && offset % 4 == 0 ? 4 : 0;
}

std::uint64_t bytes_of(std::span<const Segment> segments) {
    std::uint64_t all = 0;
    for (const Segment& segment : segments) all += segment.bytes.size();
    return all;
}

// The pieces one behind the other; `step` moves a part of a block from or to a part of a piece.
template <class Step>
bool walk(std::span<const Segment> data, Step step) {
    for (const Segment& segment : data) {
        for (std::size_t at = 0; at < segment.bytes.size();) {
            const std::size_t moved = step(segment.bytes.subspan(at));
            if (moved == 0) return false;
            at += moved;
        }
    }
    return true;
}

}  // namespace

// A request: header, what is read or written, and a last byte for how it ended.
struct VirtioBlkModel::Parts {
    Header header;
    std::span<const Segment> data;
    std::span<std::byte> status;
};

std::uint64_t VirtioBlkModel::sectors() const { return medium_.blocks() * sectors_each; }

void VirtioBlkModel::broken(const std::string& what) {
    dma_.complain("disk " + std::to_string(number_) + ": " + what);
    status_ |= needs_reset;
}

void VirtioBlkModel::wrong(const Register& place, const char* what) {
    broken(std::string{what} + " (window " + std::to_string(static_cast<unsigned>(place.window)) +
           ", offset " + std::to_string(place.offset) + ", " +
           std::to_string(static_cast<unsigned>(place.width)) + " bytes wide)");
}

std::uint32_t VirtioBlkModel::read(const Register& place) {
    if (place.window == Window::device) {
        const std::uint64_t config[3] = {sectors(), 0, std::uint64_t{block_bytes} << 32};
        std::uint32_t value = 0;
        const auto width = static_cast<std::uint32_t>(place.width);
        if (place.offset <= sizeof config - width) {
            std::memcpy(&value, reinterpret_cast<const char*>(config) + place.offset, width);
        }
        return value;
    }
    if (place.window != Window::common ||
        width_at(place.offset) != static_cast<std::uint32_t>(place.width)) {
        wrong(place, "no register is read like this");
        return ~std::uint32_t{0};
    }
    const bool first = selected_ == 0;
    switch (place.offset) {
        case device_feature_select: return device_half_;
        case device_feature: return device_half_ < 2 ? offered[device_half_] : 0;
        case driver_feature_select: return driver_half_;
        case driver_feature: return driver_half_ < 2 ? accepted_[driver_half_] : 0;
        case num_queues: return 1;
        case device_status: serve_late(); return status_;
        case queue_select: return selected_;
        case queue_size: return first ? registers_.size : 0;
        case queue_enable: return first && registers_.enabled ? 1 : 0;
        default: return 0;  // generation, notify offset; addresses are the driver's to know
    }
}

void VirtioBlkModel::write(const Register& place, std::uint32_t value) {
    if (place.window == Window::notify && place.width == Width::bits_16 && place.offset == 0) {
        return notify(value);
    }
    if (place.window != Window::common ||
        width_at(place.offset) != static_cast<std::uint32_t>(place.width)) {
        return wrong(place, "no register is written like this");
    }
    switch (place.offset) {
        case device_feature_select: device_half_ = value; return;
        case driver_feature_select: driver_half_ = value; return;
        case driver_feature:
            if ((status_ & features_ok) != 0) return wrong(place, "the features are settled");
            if (driver_half_ < 2) accepted_[driver_half_] = value;
            return;
        case device_status: return set_status(value);
        case queue_select: selected_ = value; return;
        default: return set_queue(place.offset, value);
    }
}

void VirtioBlkModel::reset() {
    queue_.reset();
    late_.clear();
    registers_ = {.size = queue_size_max};
    status_ = device_half_ = driver_half_ = selected_ = 0;
    accepted_ = {};
}

void VirtioBlkModel::set_status(std::uint32_t value) {
    if (value == 0) return reset();
    if ((value & status_) != (status_ & ~needs_reset)) {
        return broken("a bit of its status was taken back without a reset");
    }
    const bool settles = (value & ~status_ & features_ok) != 0;
    const bool allowed = (accepted_[0] & ~offered[0]) == 0 && (accepted_[1] & ~offered[1]) == 0 &&
                         (accepted_[1] & feature_version_1) != 0;
    if (settles && !allowed) value &= ~features_ok;
    if ((value & driver_ok) != 0 && (value & (features_ok | driver_known)) !=
                                        (features_ok | driver_known)) {
        return broken("it was started before its features were settled");
    }
    status_ = value | (status_ & needs_reset);
}

void VirtioBlkModel::set_queue(std::uint32_t offset, std::uint32_t value) {
    if (selected_ != 0) return broken("it has one queue, number 0");
    if (registers_.enabled) return broken("its queue was changed while in use");
    if (offset == queue_size) {
        const bool power_of_two = value != 0 && (value & (value - 1)) == 0;
        if (!power_of_two || value > queue_size_max) return broken("a queue of a wrong size");
        registers_.size = static_cast<std::uint16_t>(value);
    } else if (offset == queue_enable) {
        if (value == 1) enable_queue();
    } else if (offset >= queue_addresses) {
        std::uint64_t* const addresses[] = {&registers_.descriptors, &registers_.available,
                                            &registers_.used};
        std::uint64_t& address = *addresses[(offset - queue_addresses) / 8];
        const unsigned shift = offset % 8 == 0 ? 0 : 32;
        address &= ~(std::uint64_t{0xffff'ffff} << shift);
        address |= std::uint64_t{value} << shift;
    } else {
        broken("a register that can only be read was written");
    }
}

void VirtioBlkModel::enable_queue() {
    if (const auto good = queue_.enable(registers_); !good) return broken(good.error());
    registers_.enabled = true;
}

void VirtioBlkModel::notify(std::uint32_t queue) {
    if ((status_ & needs_reset) != 0) return;
    if (queue != 0 || !registers_.enabled || (status_ & driver_ok) == 0) {
        return broken("it was notified of a queue that is not in use");
    }
    const auto chains = queue_.take();
    if (!chains) return broken(chains.error());
    for (const Chain& chain : *chains) {
        if (const std::uint64_t looks = medium_.late(); looks != 0) {
            late_.push_back({chain, looks});
        } else {
            serve(chain);
        }
    }
}

void VirtioBlkModel::serve_late() {
    for (Late& late : late_) {
        if (--late.looks == 0) serve(late.chain);
    }
    std::erase_if(late_, [](const Late& late) { return late.looks == 0; });
}

void VirtioBlkModel::serve(const Chain& chain) {
    const std::span segments{chain.segments};
    const bool shaped = segments.size() >= 2 && !segments.front().device_writes &&
                        segments.front().bytes.size() == sizeof(Header) &&
                        segments.back().device_writes && segments.back().bytes.size() == 1;
    if (!shaped) return broken("a request has no header of 16 bytes, or no byte for its status");
    Parts parts{{}, segments.subspan(1, segments.size() - 2), segments.back().bytes};
    std::memcpy(&parts.header, segments.front().bytes.data(), sizeof parts.header);
    const std::uint8_t status = answer(parts);
    parts.status[0] = std::byte{status};
    const bool reads = parts.header.type == type_read && status == status_ok;
    queue_.give(chain.slot, reads ? static_cast<std::uint32_t>(bytes_of(parts.data)) + 1 : 1);
}

std::uint8_t VirtioBlkModel::answer(const Parts& parts) {
    const Header& header = parts.header;
    if (medium_.fails()) return status_error;
    if (header.type == type_flush) return medium_.flush() ? status_ok : status_error;
    if (header.type != type_read && header.type != type_write) return status_unsupported;
    const bool writes = header.type == type_write;
    for (const Segment& segment : parts.data) {
        if (segment.device_writes == writes) {
            broken("what is to be written would be read, or the other way round");
            return status_error;
        }
    }
    const std::uint64_t bytes = bytes_of(parts.data);
    if (bytes % block_bytes != 0 || header.sector % sectors_each != 0) return status_error;
    if (header.sector > sectors() || bytes / sector_bytes > sectors() - header.sector) {
        return status_error;
    }
    return move(header.sector / sectors_each, parts.data, writes) ? status_ok : status_error;
}

// Pieces need not be blocks: a block is put together, or cut up.
bool VirtioBlkModel::move(std::uint64_t block, std::span<const Segment> data, bool writes) {
    std::array<std::byte, block_bytes> whole;
    std::size_t have = 0;  // bytes of `whole` that were moved
    return walk(data, [&](std::span<std::byte> piece) -> std::size_t {
        if (!writes && have == 0 && !medium_.read(block, whole)) return 0;
        const std::size_t part = std::min(piece.size(), whole.size() - have);
        if (writes) {
            std::memcpy(whole.data() + have, piece.data(), part);
        } else {
            std::memcpy(piece.data(), whole.data() + have, part);
        }
        have = (have + part) % block_bytes;
        if (writes && have == 0 && !medium_.write(block, whole)) return 0;
        block += have == 0 ? 1 : 0;
        return part;
    });
}

bool VirtioBlkModel::power_off(bool lose_unflushed) {
    return medium_.power_off(lose_unflushed);
}

}  // namespace sim::machine::disk
