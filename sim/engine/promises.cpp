#include "sim/engine/promises.hpp"

#include "kernel/base/assert.hpp"

namespace sim::engine {

namespace {

std::uint64_t later(std::uint64_t time, std::uint64_t span) {
    return time > Promises::forever - span ? Promises::forever : time + span;
}

}  // namespace

Promises::Promises(std::size_t cores, std::uint64_t latency_ns)
    : count_{cores}, latency_{latency_ns == 0 ? 1 : latency_ns} {
    CHITIN_ASSERT(cores >= 1 && cores <= cores_max);
}

void Promises::promise(std::size_t core, std::uint64_t time) { cores_[core].time = time; }

void Promises::lower(std::size_t core, std::uint64_t time) {
    if (time < cores_[core].time) cores_[core].time = time;
}

void Promises::end(std::size_t core) {
    cores_[core] = {.time = forever, .ended = true};
    ++ended_;
}

std::uint64_t Promises::horizon(std::size_t core) const {
    if (count_ == 1) return forever;
    std::uint64_t others = forever;
    for (std::size_t i = 0; i < count_; ++i) {
        if (i != core && cores_[i].time < others) others = cores_[i].time;
    }
    const std::uint64_t back = later(cores_[core].time, 2 * latency_);
    const std::uint64_t direct = later(others, latency_);
    return direct < back ? direct : back;
}

std::size_t Promises::next() const {
    std::size_t first = count_;
    std::size_t waiting = count_;
    for (std::size_t i = 0; i < count_; ++i) {
        if (cores_[i].ended) continue;
        if (waiting == count_) waiting = i;
        const bool behind = first == count_ || cores_[i].time < cores_[first].time;
        if (behind && may_go(i)) first = i;
    }
    CHITIN_ASSERT(waiting != count_);
    return first == count_ ? waiting : first;
}

}  // namespace sim::engine
