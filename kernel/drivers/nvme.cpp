#include "kernel/drivers/nvme.hpp"

#include <atomic>

#include "kernel/base/assert.hpp"

namespace kernel::drivers {
namespace {

using abi::Status;
using machine::Width;
using machine::Window;

// Registers ([nvme] 3.1).
constexpr std::uint32_t capabilities = 0x00, capabilities_high = 0x04;
constexpr std::uint32_t configuration = 0x14, status = 0x1c;
constexpr std::uint32_t admin_sizes = 0x24, admin_submissions = 0x28, admin_completions = 0x30;
constexpr std::uint32_t doorbells = 0x1000;
constexpr std::uint32_t window_bytes = 0x2000;

// Enabled, pages of 4 KiB, entries of 64 and of 16 bytes ([nvme] 3.1.5).
constexpr std::uint32_t enabled = 1, running = enabled | 6 << 16 | 4 << 20;
constexpr std::uint32_t status_ready = 1, status_fatal = 2;

enum Frame : std::uint32_t {
    frame_admin_submissions,
    frame_admin_completions,
    frame_submissions,
    frame_completions,
    frame_lists,
    frame_identify,
};

constexpr std::uint32_t admin_entries = 8, io_entries = 64;
constexpr std::uint32_t phase_bit = 1 << 16;
constexpr std::uint32_t namespace_number = 1;

constexpr std::uint32_t create_submissions = 0x01, create_completions = 0x05;
constexpr std::uint32_t op_identify = 0x06, set_features = 0x09;
constexpr std::uint32_t identify_namespace = 0, identify_controller = 1;
constexpr std::uint32_t feature_queues = 7;
constexpr std::uint32_t contiguous = 1;  // a queue's memory
constexpr std::uint32_t op_flush = 0x00, op_write = 0x01, op_read = 0x02;
constexpr std::uint32_t force_unit_access = 1u << 30;

constexpr std::uint32_t changes_max = 20'000'000;  // reads until it is ready, or not any more
constexpr std::uint8_t polls_between_looks = 16;   // at its status: slow on hardware
constexpr std::uint32_t list_entries = 8;

}  // namespace

struct Nvme::Command {  // [nvme] 4.2
    std::uint32_t operation;  // and the identifier in the upper half
    std::uint32_t space;      // the namespace
    std::uint64_t reserved, metadata;
    std::uint64_t data[2];    // pages, or a list of them ([nvme] 4.3)
    std::uint32_t words[6];   // 10 to 15
};

struct Nvme::Completion {  // [nvme] 4.6
    std::uint32_t result, reserved;
    std::uint32_t submissions;
    std::uint32_t outcome;  // identifier, phase, status
};

std::uint32_t Nvme::read(std::uint32_t offset) const {
    return core_->device_read({device_, Window::registers, Width::bits_32, offset});
}

void Nvme::write(std::uint32_t offset, std::uint32_t value) const {
    core_->device_write({device_, Window::registers, Width::bits_32, offset}, value);
}

void Nvme::write_address(std::uint32_t offset, std::uint32_t frame) const {
    write(offset, static_cast<std::uint32_t>(address(frame)));
    write(offset + 4, static_cast<std::uint32_t>(address(frame) >> 32));
}

void Nvme::ring(std::uint32_t doorbell, std::uint32_t value) const {
    write(doorbells + doorbell * stride_, value);
}

std::uint64_t Nvme::address(std::uint32_t frame, std::uint64_t offset) const {
    return abi::address_of(abi::FrameNumber{memory_.value + frame}).value + offset;
}

template <class T>
T* Nvme::at(std::uint32_t frame) const {
    return reinterpret_cast<T*>(core_->view(abi::PhysAddr{address(frame)}));
}

base::Result<Info> Nvme::probe(machine::Core& core, std::uint32_t device,
                               abi::FrameNumber memory) {
    static_assert(sizeof(Command) == 64 && sizeof(Completion) == 16);
    static_assert(depth < io_entries && io_entries * sizeof(Command) <= abi::page_size);
    static_assert(depth * list_entries * sizeof(std::uint64_t) <= abi::page_size);
    static_assert(request_blocks_max <= list_entries + 1);
    *this = Nvme{};
    core_ = &core;
    device_ = device;
    memory_ = memory;
    const std::uint32_t low = read(capabilities), high = read(capabilities_high);
    stride_ = 4u << (high & 0xf);
    const bool fits = (low & 0xffff) + 1 >= io_entries && (high >> 16 & 0xf) == 0 &&
                      doorbells + 4 * stride_ <= window_bytes;
    if (!fits || !start() || !create_queues()) {
        set_enabled(false);
        return base::error(Status::io_error);
    }
    dead_ = false;
    return Info{blocks_ >> 32 == 0 ? static_cast<std::uint32_t>(blocks_) : 0xffff'ffff};
}

bool Nvme::set_enabled(bool on) {
    write(configuration, on ? running : 0);
    for (std::uint32_t i = 0; i < changes_max; ++i) {
        const std::uint32_t now = read(status);
        if ((now & status_fatal) != 0) return false;
        if (((now & status_ready) != 0) == on) return true;
    }
    return false;
}

bool Nvme::start() {
    if (!set_enabled(false)) return false;
    // Completions of before would have the phase that is waited for.
    __builtin_memset(at<std::byte>(0), 0, frames * abi::page_size);
    admin_ = {0, admin_entries, at<Command>(frame_admin_submissions),
              at<Completion>(frame_admin_completions), 0, 0, phase_bit};
    io_ = {1, io_entries, at<Command>(frame_submissions), at<Completion>(frame_completions), 0, 0,
           phase_bit};
    write(admin_sizes, (admin_entries - 1) << 16 | (admin_entries - 1));
    write_address(admin_submissions, frame_admin_submissions);
    write_address(admin_completions, frame_admin_completions);
    return set_enabled(true) && read_controller() && read_namespace();
}

bool Nvme::create_queues() {
    constexpr std::uint32_t which = 1 | (io_entries - 1) << 16;
    const auto create = [this](std::uint32_t operation, std::uint32_t frame, std::uint32_t how) {
        return admin({.operation = operation, .space = 0, .reserved = 0, .metadata = 0,
                      .data = {address(frame), 0}, .words = {which, how, 0, 0, 0, 0}});
    };
    const Command one_pair{.operation = set_features, .space = 0, .reserved = 0, .metadata = 0,
                           .data = {}, .words = {feature_queues, 0, 0, 0, 0, 0}};
    return admin(one_pair) && create(create_completions, frame_completions, contiguous) &&
           create(create_submissions, frame_submissions, contiguous | 1 << 16);
}

bool Nvme::identify(std::uint32_t what) {
    return admin({.operation = op_identify,
                  .space = what == identify_namespace ? namespace_number : 0,
                  .reserved = 0, .metadata = 0, .data = {address(frame_identify), 0},
                  .words = {what, 0, 0, 0, 0, 0}});
}

// What it takes at once: a power of two of pages, or no limit ([nvme] figure 247, MDTS).
bool Nvme::read_controller() {
    if (!identify(identify_controller)) return false;
    const auto pages_log2 = static_cast<std::uint8_t>(at<std::byte>(frame_identify)[77]);
    return pages_log2 == 0 || (pages_log2 < 32 && 1u << pages_log2 >= request_blocks_max);
}

// Sectors, and in which of its formats they are ([nvme] figure 245: NSZE, FLBAS, LBAF).
bool Nvme::read_namespace() {
    if (!identify(identify_namespace)) return false;
    const std::byte* const said = at<std::byte>(frame_identify);
    std::uint64_t sectors;
    std::uint32_t format;
    __builtin_memcpy(&sectors, said, sizeof sectors);
    const std::uint32_t chosen = static_cast<std::uint32_t>(said[26]) & 0xf;
    __builtin_memcpy(&format, said + 128 + chosen * sizeof format, sizeof format);
    const std::uint32_t sector_log2 = format >> 16 & 0xff;
    const bool usable = (format & 0xffff) == 0 && sector_log2 >= 9 && sector_log2 <= 12;
    sector_shift_ = usable ? 12 - sector_log2 : 0;
    blocks_ = sectors >> sector_shift_;
    return usable;
}

// Alone in its queue.
bool Nvme::admin(const Command& command) {
    put(admin_, command);
    for (std::uint32_t i = 0; i < changes_max; ++i) {
        if (const auto outcome = take(admin_)) return *outcome >> 17 == 0;
        if (i % polls_between_looks == 0 && (read(status) & status_fatal) != 0) return false;
    }
    return false;
}

void Nvme::put(Queue& queue, const Command& command) const {
    queue.commands[queue.tail] = command;
    queue.tail = (queue.tail + 1) % queue.entries;
    ring(queue.number * 2, queue.tail);
}

// The next completion's last word; nothing: there is none.
std::optional<std::uint32_t> Nvme::take(Queue& queue) const {
    const std::atomic_ref word{queue.completions[queue.head].outcome};
    const std::uint32_t outcome = word.load(std::memory_order_acquire);
    if ((outcome & phase_bit) != queue.phase) return std::nullopt;
    if (++queue.head == queue.entries) {
        queue.head = 0;
        queue.phase ^= phase_bit;
    }
    ring(queue.number * 2 + 1, queue.head);
    return outcome;
}

Nvme::Command Nvme::command_of(std::uint32_t slot, const Request& request) const {
    const std::uint32_t id = slot << 16;
    if (request.op == Op::flush) {
        return {.operation = op_flush | id, .space = namespace_number, .reserved = 0,
                .metadata = 0, .data = {}, .words = {}};
    }
    CHITIN_ASSERT(request.count >= 1 && request.count <= request_blocks_max);
    const std::uint64_t sector = request.block << sector_shift_;
    const std::uint32_t sectors = request.count << sector_shift_;
    const std::uint32_t force = request.op == Op::write_fua ? force_unit_access : 0;
    Command command{.operation = (request.op == Op::read ? op_read : op_write) | id,
                    .space = namespace_number,
                    .reserved = 0,
                    .metadata = 0,
                    .data = {request.pages[0].value, 0},
                    .words = {static_cast<std::uint32_t>(sector),
                              static_cast<std::uint32_t>(sector >> 32), (sectors - 1) | force, 0,
                              0, 0}};
    if (request.count == 2) command.data[1] = request.pages[1].value;
    if (request.count > 2) {
        std::uint64_t* const list = at<std::uint64_t>(frame_lists) + slot * list_entries;
        for (std::uint32_t i = 1; i < request.count; ++i) list[i - 1] = request.pages[i].value;
        command.data[1] = address(frame_lists, slot * list_entries * sizeof(std::uint64_t));
    }
    return command;
}

bool Nvme::submit(const Request& request) {
    if (dead_ || slots_.full()) return false;
    const std::uint32_t slot = slots_.take(request.tag);
    put(io_, command_of(slot, request));
    return true;
}

std::optional<Done> Nvme::poll() {
    if (slots_.count() == 0) return std::nullopt;
    if (!dead_) {
        if (const auto outcome = take(io_)) {
            const std::uint32_t slot = *outcome & 0xffff;
            if (slots_.busy(slot)) {
                return slots_.give(slot, *outcome >> 17 == 0 ? Status::ok : Status::io_error);
            }
            die();
        } else if (silent_and_well()) {
            return std::nullopt;
        }
    }
    return slots_.abandon();
}

bool Nvme::silent_and_well() {
    if (++quiet_polls_ % polls_between_looks != 0) return true;
    if ((read(status) & status_fatal) == 0) return true;
    die();
    return false;
}

void Nvme::die() {
    dead_ = true;
    set_enabled(false);
}

void Nvme::stop() {
    if (core_ != nullptr) die();
    slots_.clear();
}

}  // namespace kernel::drivers
