#include "sim/engine/promises.hpp"

#include "kernel/base/assert.hpp"

namespace sim::engine {

namespace {

std::uint64_t later(std::uint64_t time, std::uint64_t span) {
    return time > Promises::forever - span ? Promises::forever : time + span;
}

}  // namespace

Promises::Promises(std::size_t cores, std::uint64_t latency_ns)
    : count_{cores}, leaves_{1}, latency_{latency_ns == 0 ? 1 : latency_ns} {
    CHITIN_ASSERT(cores >= 1 && cores <= cores_max);
    while (leaves_ < cores) leaves_ *= 2;
    for (std::uint64_t& time : tree_) time = forever;
    for (std::size_t core = 0; core < cores; ++core) set(core, 0);
}

void Promises::set(std::size_t core, std::uint64_t time) {
    cores_[core].time = time;
    std::size_t place = leaves_ + core;
    tree_[place] = time;
    for (; place > 1; place /= 2) {
        const std::uint64_t other = tree_[place ^ 1];
        const std::uint64_t least = tree_[place] < other ? tree_[place] : other;
        if (tree_[place / 2] == least) return;
        tree_[place / 2] = least;
    }
}

void Promises::promise(std::size_t core, std::uint64_t time) { set(core, time); }

void Promises::lower(std::size_t core, std::uint64_t time) {
    // One that has ended takes no messages, and must hold up nobody.
    if (time < cores_[core].time && !cores_[core].ended) set(core, time);
}

void Promises::end(std::size_t core) {
    set(core, forever);
    cores_[core].ended = true;
    ++ended_;
}

void Promises::post(std::size_t from, std::size_t to) {
    cores_[to].posted |= std::uint64_t{1} << from;
}

std::uint64_t Promises::take_posted(std::size_t core) {
    const std::uint64_t posted = cores_[core].posted;
    cores_[core].posted = 0;
    return posted;
}

std::uint64_t Promises::horizon(std::size_t core) const {
    if (count_ == 1) return forever;
    std::uint64_t others = forever;  // the least beside the way up
    for (std::size_t place = leaves_ + core; place > 1; place /= 2) {
        if (tree_[place ^ 1] < others) others = tree_[place ^ 1];
    }
    const std::uint64_t back = later(cores_[core].time, 2 * latency_);
    const std::uint64_t direct = later(others, latency_);
    return direct < back ? direct : back;
}

std::size_t Promises::next() const {
    if (tree_[1] == forever) {
        std::size_t core = 0;
        while (core < count_ && cores_[core].ended) ++core;
        CHITIN_ASSERT(core < count_);
        return core;
    }
    std::size_t place = 1;
    while (place < leaves_) place = 2 * place + (tree_[2 * place] == tree_[place] ? 0 : 1);
    return place - leaves_;
}

}  // namespace sim::engine
