#include "kernel/drivers/virtio_blk.hpp"

#include <atomic>
#include <bit>

#include "kernel/base/assert.hpp"
#include "kernel/drivers/virtqueue.hpp"

namespace kernel::drivers {
namespace {

using abi::Status;
using machine::Width;
using machine::Window;

// Registers of window common ([virtio] 4.1.4.3).
constexpr std::uint32_t device_feature_select = 0x00, device_feature = 0x04;
constexpr std::uint32_t driver_feature_select = 0x08, driver_feature = 0x0c;
constexpr std::uint32_t device_status = 0x14;
constexpr std::uint32_t queue_select = 0x16, queue_size = 0x18, queue_enable = 0x1c;
constexpr std::uint32_t queue_notify_off = 0x1e;
constexpr std::uint32_t queue_descriptors = 0x20, queue_available = 0x28, queue_used = 0x30;
constexpr std::uint32_t config_generation = 0x15;
// Of window device ([virtio] 5.2.4): in sectors of 512 bytes.
constexpr std::uint32_t capacity = 0;
constexpr std::uint64_t block_sectors = abi::page_size / 512;

// [virtio] 2.1
constexpr std::uint32_t acknowledge = 1, driver = 2, driver_ok = 4, features_ok = 8;
constexpr std::uint32_t needs_reset = 64;

constexpr std::uint32_t feature_flush = 1u << 9;
constexpr std::uint32_t feature_indirect = 1u << 28;
constexpr std::uint32_t feature_version_1 = 1u << 0;  // of the upper half

constexpr std::uint32_t type_read = 0, type_write = 1, type_flush = 4;
constexpr std::uint8_t status_ok = 0, status_none = 0xff;

constexpr std::uint32_t resets_max = 1'000'000;   // reads until a reset is done
constexpr std::uint8_t polls_between_looks = 16;  // at the device's status: slow on hardware

}  // namespace

struct VirtioBlk::Shared {
    struct Header {  // [virtio] 5.2.6
        std::uint32_t type;
        std::uint32_t reserved;
        std::uint64_t sector;
    };

    Descriptor descriptors[depth];
    AvailableRing available;
    alignas(4) UsedRing used;
    alignas(16) Header headers[depth];
    std::uint8_t statuses[depth];
};

struct VirtioBlk::Tables {
    static constexpr std::uint32_t entries = 16;

    Descriptor of[depth][entries];
};

std::uint32_t VirtioBlk::read(Window window, Width width, std::uint32_t offset) const {
    return core_->device_read({device_, window, width, offset});
}

void VirtioBlk::write(Width width, std::uint32_t offset, std::uint32_t value) const {
    core_->device_write({device_, Window::common, width, offset}, value);
}

void VirtioBlk::write_address(std::uint32_t offset, std::uint64_t address) const {
    write(Width::bits_32, offset, static_cast<std::uint32_t>(address));
    write(Width::bits_32, offset + 4, static_cast<std::uint32_t>(address >> 32));
}

// Physical, of a byte of its memory.
std::uint64_t VirtioBlk::address(std::uint64_t offset) const {
    return abi::address_of(memory_).value + offset;
}

base::Result<Info> VirtioBlk::probe(machine::Core& core, std::uint32_t device,
                                    abi::FrameNumber memory) {
    static_assert(sizeof(Shared) <= abi::page_size);
    static_assert(frames == 1 + sizeof(Tables) / abi::page_size);
    *this = VirtioBlk{};
    core_ = &core;
    device_ = device;
    memory_ = memory;
    std::byte* const view = core.view(abi::address_of(memory));
    shared_ = reinterpret_cast<Shared*>(view);
    tables_ = reinterpret_cast<Tables*>(view + abi::page_size);
    if (!reset() || !negotiate() || !start_queue()) return base::error(Status::io_error);
    write(Width::bits_8, device_status, acknowledge | driver | features_ok | driver_ok);
    dead_ = false;
    const std::uint64_t all = blocks();
    return Info{all >> 32 == 0 ? static_cast<std::uint32_t>(all) : 0xffff'ffff};
}

// [virtio] 4.1.4.3.2: until it reads 0.
bool VirtioBlk::reset() {
    write(Width::bits_8, device_status, 0);
    for (std::uint32_t i = 0; i < resets_max; ++i) {
        if (read(Window::common, Width::bits_8, device_status) == 0) return true;
    }
    return false;
}

bool VirtioBlk::negotiate() {
    write(Width::bits_8, device_status, acknowledge);
    write(Width::bits_8, device_status, acknowledge | driver);
    std::uint32_t offered[2];
    for (std::uint32_t half = 0; half < 2; ++half) {
        write(Width::bits_32, device_feature_select, half);
        offered[half] = read(Window::common, Width::bits_32, device_feature);
    }
    if ((offered[0] & feature_indirect) == 0 || (offered[1] & feature_version_1) == 0) return false;
    flushes_ = (offered[0] & feature_flush) != 0;
    write(Width::bits_32, driver_feature_select, 0);
    write(Width::bits_32, driver_feature, offered[0] & (feature_indirect | feature_flush));
    write(Width::bits_32, driver_feature_select, 1);
    write(Width::bits_32, driver_feature, feature_version_1);
    write(Width::bits_8, device_status, acknowledge | driver | features_ok);
    return (read(Window::common, Width::bits_8, device_status) & features_ok) != 0;
}

bool VirtioBlk::start_queue() {
    write(Width::bits_16, queue_select, 0);
    if (read(Window::common, Width::bits_16, queue_size) < depth) return false;
    write(Width::bits_16, queue_size, depth);
    shared_->available.flags = AvailableRing::no_interrupt;
    shared_->available.index = 0;
    shared_->used.index = 0;
    write_address(queue_descriptors, address(offsetof(Shared, descriptors)));
    write_address(queue_available, address(offsetof(Shared, available)));
    write_address(queue_used, address(offsetof(Shared, used)));
    notify_offset_ = read(Window::common, Width::bits_16, queue_notify_off) *
                     core_->device(device_).notify_stride;
    write(Width::bits_16, queue_enable, 1);
    return true;
}

// The halves belong together if the generation stayed ([virtio] 4.1.4.3.1).
std::uint64_t VirtioBlk::blocks() const {
    std::uint64_t sectors = 0;
    std::uint32_t before, after, tries = 0;
    do {
        before = read(Window::common, Width::bits_8, config_generation);
        sectors = read(Window::device, Width::bits_32, capacity);
        sectors |= std::uint64_t{read(Window::device, Width::bits_32, capacity + 4)} << 32;
        after = read(Window::common, Width::bits_8, config_generation);
    } while (before != after && ++tries < resets_max);
    return sectors / block_sectors;
}

bool VirtioBlk::submit(const Request& request) {
    if (dead_ || slots_.full()) return false;
    const std::uint32_t slot = slots_.take(request.tag);
    flush_follows_ &= ~(1u << slot);
    if (request.op == Op::write_fua && flushes_) flush_follows_ |= 1u << slot;
    if (request.op == Op::flush && !flushes_) {
        write_through_ |= 1u << slot;
    } else {
        begin(slot, request);
    }
    return true;
}

// Header, pages, status.
void VirtioBlk::begin(std::uint32_t slot, const Request& request) {
    const bool reads = request.op == Op::read, flush = request.op == Op::flush;
    const std::uint32_t pages = flush ? 0 : request.count;
    CHITIN_ASSERT(pages <= request_blocks_max);
    shared_->headers[slot] = {.type = flush ? type_flush : reads ? type_read : type_write,
                              .reserved = 0,
                              .sector = flush ? 0 : request.block * block_sectors};
    shared_->statuses[slot] = status_none;
    Descriptor* const table = tables_->of[slot];
    table[0] = {address(offsetof(Shared, headers) + slot * sizeof(Shared::Header)),
                sizeof(Shared::Header), Descriptor::next_follows, 1};
    for (std::uint32_t i = 0; i < pages; ++i) {
        const std::uint16_t direction = reads ? Descriptor::device_writes : 0;
        table[1 + i] = {request.pages[i].value, abi::page_size,
                        static_cast<std::uint16_t>(Descriptor::next_follows | direction),
                        static_cast<std::uint16_t>(2 + i)};
    }
    table[1 + pages] = {address(offsetof(Shared, statuses) + slot), 1, Descriptor::device_writes,
                        0};
    offer(slot, pages + 2);
}

void VirtioBlk::offer(std::uint32_t slot, std::uint32_t descriptors) {
    shared_->descriptors[slot] = {
        address(abi::page_size + slot * sizeof(tables_->of[0])),
        static_cast<std::uint32_t>(descriptors * sizeof(Descriptor)), Descriptor::indirect, 0};
    shared_->available.slots[offered_ % depth] = static_cast<std::uint16_t>(slot);
    std::atomic_ref{shared_->available.index}.store(++offered_, std::memory_order_release);
    core_->device_write({device_, Window::notify, Width::bits_16, notify_offset_}, 0);
}

std::optional<Done> VirtioBlk::poll() {
    if (slots_.count() == 0) return std::nullopt;
    if (write_through_ != 0) {
        const auto slot = static_cast<std::uint32_t>(std::countr_zero(write_through_));
        write_through_ &= write_through_ - 1;
        return slots_.give(slot, Status::ok);
    }
    std::atomic_ref index{shared_->used.index};
    while (!dead_ && index.load(std::memory_order_acquire) != seen_) {
        const std::uint32_t slot = shared_->used.entries[seen_++ % depth].slot;
        if (!slots_.busy(slot)) {
            die();
        } else if (const auto done = finish(slot)) {
            return done;
        }
    }
    if (!dead_ && silent_and_well()) return std::nullopt;
    return slots_.abandon();
}

// Nothing: a flush of the slot's write is under way now.
std::optional<Done> VirtioBlk::finish(std::uint32_t slot) {
    const bool well = shared_->statuses[slot] == status_ok;
    if (well && (flush_follows_ >> slot & 1) != 0) {
        flush_follows_ &= ~(1u << slot);
        begin(slot, {.op = Op::flush, .tag = 0, .count = 0, .block = 0, .pages = {}});
        return std::nullopt;
    }
    return slots_.give(slot, well ? Status::ok : Status::io_error);
}

// Looks at the device itself now and then.
bool VirtioBlk::silent_and_well() {
    if (++quiet_polls_ % polls_between_looks != 0) return true;
    if ((read(Window::common, Width::bits_8, device_status) & needs_reset) == 0) return true;
    die();
    return false;
}

void VirtioBlk::die() {
    dead_ = true;
    reset();
}

void VirtioBlk::stop() {
    if (core_ != nullptr) die();
    slots_.clear();
    write_through_ = 0;
}

}  // namespace kernel::drivers
