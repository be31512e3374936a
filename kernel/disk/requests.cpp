#include "kernel/disk/requests.hpp"

#include "kernel/disk/reach.hpp"
#include "kernel/disk/tree/ownership.hpp"
#include "kernel/env/holdings.hpp"
#include "kernel/env/record.hpp"
#include "kernel/env/remote.hpp"
#include "kernel/env/running.hpp"

namespace kernel::disk {

namespace {

using abi::CapType;
using abi::Rights;

static_assert(abi::disk_request_blocks_max == drivers::request_blocks_max);
static_assert(sizeof(DiskRequest) % sizeof(std::uint64_t) == 0);

// The environment that had that number when the ring was made; nullptr: it is gone, or going.
Env* owner(System& system, const Queue& queue, EnvId id) {
    if (queue.env == FrameNumber{0} || system.envs[id.value] != queue.env) return nullptr;
    Env& env = system.env(queue.env);
    const abi::EnvInfo& info = system.info(env);
    const bool same = info.serial == queue.serial && info.state != abi::EnvState::dying;
    return same ? &env : nullptr;
}

// Its ring, if it still has the right to write there; nullptr if not.
abi::DiskRing* ring_of(System& system, const Env& env, const Queue& queue) {
    const auto ref = env::find(system, env, queue.slot, CapType::frame, Rights::write);
    if (!ref.has_value() || system.forest.at(*ref).object != queue.frame) return nullptr;
    return &system.memory.object<abi::DiskRing>(queue.frame);
}

// The one copy: whoever can write the ring may be doing so.
DiskRequest copy_of(const DiskRequest& from) {
    DiskRequest request;
    constexpr std::size_t words = sizeof request / sizeof(std::uint64_t);
    std::uint64_t copied[words];
    const auto* source = reinterpret_cast<const std::uint64_t*>(&from);
    for (std::size_t i = 0; i < words; ++i) {
        copied[i] = __atomic_load_n(source + i, __ATOMIC_RELAXED);
    }
    __builtin_memcpy(&request, copied, sizeof request);
    return request;
}

// Errors: bad_argument.
Result<void> check_form(const DiskRequest& request) {
    const bool flush = request.op == DiskOp::flush;
    const bool counts = flush ? request.count == 0 && request.block == 0
                              : request.count - 1 < abi::disk_request_blocks_max;
    if (request.op >= DiskOp::op_count || !counts) return base::error(Status::bad_argument);
    return {};
}

// What the device is to do, in its own numbers, and what that means for a tree.
struct Resolved {
    drivers::Request device;
    Reach reach;
};

// Errors: kernel/abi/disk.hpp, DiskCompletion.
Result<Resolved> resolve(System& system, FrameNumber object, const Env& env,
                         const DiskRequest& request) {
    TRY(check_form(request));
    const bool reads = request.op == DiskOp::read;
    Resolved resolved{};
    resolved.reach = TRY(reach(system, object, env, request.extent,
                               reads ? Rights::read : Rights::write, request.block,
                               request.count));
    drivers::Request& device = resolved.device;
    device.op = static_cast<drivers::Op>(request.op);
    device.count = request.count;
    device.block = resolved.reach.first;
    for (std::uint32_t i = 0; i < request.count; ++i) {
        const cap::CapRef frame = TRY(env::find(system, env, request.frames[i], CapType::frame,
                                                reads ? Rights::write : Rights::read));
        const FrameNumber name = system.forest.at(frame).object;
        if (system.elsewhere(name)) return base::error(Status::other_core);
        device.pages[i] = abi::address_of(name);
    }
    return resolved;
}

// The device does it, and a tree learns of it. Status, and `detail` of a refusal.
Status carry_out(System& system, Disk& disk, Env& env, const Resolved& resolved,
                 std::uint32_t& detail) {
    const drivers::Request& device = resolved.device;
    const Reach& reach = resolved.reach;
    const bool durable = device.op == drivers::Op::write_fua;
    if (reach.tree.value == 0 || !(durable || device.op == drivers::Op::write)) {
        const Status status = perform(disk, device);
        if (status == Status::ok && device.op == drivers::Op::flush) disk.epoch++;
        return status;
    }
    const tree::View view = tree::view_of(system, reach.tree);
    if (reach.metadata) return tree::write(view, env, device, reach.block, reach.top, detail);
    const Status status = perform(disk, device);
    tree::data_written(view, reach.block, device.count, durable, status != Status::ok);
    return status;
}

void count(DiskInfo& info, const DiskRequest& request, Status status, EnvId id) {
    if (status != Status::ok) {
        info.refused++;
        return;
    }
    if (request.op == DiskOp::read) {
        info.reads++;
        info.blocks_read += request.count;
    } else if (request.op == DiskOp::flush) {
        info.flushes++;
    } else {
        info.writes++;
        info.blocks_written += request.count;
    }
    info.uses[id.value].blocks += request.count;
}

// Answers a request of the ring that `queue` still is.
void answer(System& system, Queue& queue, EnvId id, FrameNumber object,
            const DiskRequest& request, Status status, std::uint32_t detail = 0) {
    DiskInfo& info = info_of(system, object);
    count(info, request, status, id);
    Env* const env = owner(system, queue, id);
    if (env == nullptr) return;
    info.uses[id.value].requests++;
    const std::uint32_t entry = queue.completed++ % abi::disk_requests_max;
    if (abi::DiskRing* const ring = ring_of(system, *env, queue)) {
        ring->completions[entry] = {request.cookie, status, detail};
        __atomic_store_n(&ring->completed, queue.completed, __ATOMIC_RELEASE);
    }
    const std::uint64_t words[] = {request.extent.value, request.block, request.count};
    env::record(system, *env, abi::EventKind::disk, static_cast<std::uint8_t>(request.op), status,
                words, 3);
    if (env::lives(system.info(*env).state)) env::wake_up(system, *env);
}

// What waits there will never be taken.
void drop_queue(System& system, Disk& disk, EnvId id) {
    Queue& queue = disk.queues[id.value];
    DiskInfo& info = info_of(system, disk.object);
    info.waiting -= queue.submitted - queue.taken;
    info.uses[id.value] = {};
    disk.fairness.forget(id.value);
    const auto number = static_cast<std::uint16_t>(queue.number + 1);
    queue = {};
    queue.number = number;
}

// Takes one request of the ring whose turn it is.
void take(System& system, Disk& disk, EnvId id, Instant now) {
    Queue& queue = disk.queues[id.value];
    Env* const env = owner(system, queue, id);
    const abi::DiskRing* const ring = env == nullptr ? nullptr : ring_of(system, *env, queue);
    if (ring == nullptr) return drop_queue(system, disk, id);
    DiskInfo& info = info_of(system, disk.object);
    const DiskRequest request = copy_of(ring->requests[queue.taken % abi::disk_requests_max]);
    queue.taken++;
    info.waiting--;
    const auto resolved = resolve(system, disk.object, *env, request);
    if (!resolved.has_value()) {
        return answer(system, queue, id, disk.object, request, resolved.error());
    }
    const Instant due = disk.service.start(now, request.op,
                                           resolved->reach.first, request.count);
    disk.served[info.in_service++] = {request, due, now, disk.taken++, id, queue.number};
    disk.fairness.used(base::max(request.count, 1u));
}

// Gives the device what waits, as far as it has room; true: `steps` ran out first.
bool pump(System& system, Disk& disk, Instant now, std::uint32_t& steps) {
    const DiskInfo& info = info_of(system, disk.object);
    const auto waits = [&](std::uint32_t number) {
        return disk.queues[number].submitted != disk.queues[number].taken;
    };
    const auto weight = [&](std::uint32_t number) {
        return base::max(info.uses[number].weight, 1u);
    };
    while (info.waiting != 0 && info.in_service < disk.service.channels()) {
        if (steps == 0) return true;
        --steps;
        const std::uint32_t number = disk.fairness.next(waits, weight);
        CHITIN_ASSERT(number != 0);
        take(system, disk, EnvId{static_cast<std::uint16_t>(number)}, now);
    }
    return false;
}

// The one that is due first; none: in_service itself.
std::uint32_t first_due(const Disk& disk, std::uint32_t in_service) {
    std::uint32_t first = 0;
    for (std::uint32_t i = 1; i < in_service; ++i) {
        const Served& one = disk.served[i];
        const Served& best = disk.served[first];
        if (one.due < best.due || (one.due == best.due && one.order < best.order)) first = i;
    }
    return first;
}

// It is due: done, if it still may be, and answered.
void finish(System& system, Disk& disk, std::uint32_t which) {
    DiskInfo& info = info_of(system, disk.object);
    const Served served = disk.served[which];
    disk.served[which] = disk.served[--info.in_service];
    info.service_ns += served.due.value - served.since.value;
    Queue& queue = disk.queues[served.id.value];
    if (queue.number != served.number) return;
    Env* const env = owner(system, queue, served.id);
    if (env == nullptr) return;
    const auto resolved = resolve(system, disk.object, *env, served.request);
    std::uint32_t detail = 0;
    const Status status = resolved.has_value() ? carry_out(system, disk, *env, *resolved, detail)
                                               : resolved.error();
    answer(system, queue, served.id, disk.object, served.request, status, detail);
}

// One disk; `now` where it could go on at once.
Instant serve_one(System& system, Disk& disk, Instant now, std::uint32_t& steps) {
    const DiskInfo& info = info_of(system, disk.object);
    for (;;) {
        if (pump(system, disk, now, steps)) return now;
        if (info.in_service == 0) return abi::never;
        const std::uint32_t first = first_due(disk, info.in_service);
        if (disk.served[first].due > now) return disk.served[first].due;
        if (steps == 0) return now;
        --steps;
        finish(system, disk, first);
    }
}

}  // namespace

Status perform(Disk& disk, const drivers::Request& request) {
    if (!disk.device.submit(request)) return Status::io_error;
    for (std::uint32_t i = 0; i < drivers::polls_max; ++i) {
        if (const auto done = disk.device.poll()) return done->status;
    }
    disk.device.stop();
    return Status::io_error;
}

void make_ring(System& system, FrameNumber object, const Env& env, Slot slot, FrameNumber frame) {
    Disk& disk = disk_of(system, object);
    drop_queue(system, disk, env.id);
    if (frame == FrameNumber{0}) return;
    Queue& queue = disk.queues[env.id.value];
    queue.env = env.self;
    queue.frame = frame;
    queue.slot = slot;
    queue.serial = system.info(env).serial;
    info_of(system, object).uses[env.id.value].weight = 1;
    system.memory.object<abi::DiskRing>(frame).completed = 0;
}

Queue* queue_of(System& system, FrameNumber object, const Env& env) {
    Queue& queue = disk_of(system, object).queues[env.id.value];
    return owner(system, queue, env.id) == &env ? &queue : nullptr;
}

void submit(System& system, FrameNumber object, Queue& queue, std::uint32_t count) {
    queue.submitted += count;
    CHITIN_ASSERT(queue.unanswered() <= abi::disk_requests_max);
    info_of(system, object).waiting += count;
    system.next_event = Instant{0};
}

Instant serve(System& system, Instant now) {
    Instant due = abi::never;
    std::uint32_t steps = env::steps_per_call;
    for (const FrameNumber object : system.disks) {
        if (object == FrameNumber{0}) continue;
        due = base::min(due, serve_one(system, disk_of(system, object), now, steps));
    }
    return due;
}

}  // namespace kernel::disk
