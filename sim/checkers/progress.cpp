#include "sim/checkers/progress.hpp"

#include <algorithm>

#include "sim/checkers/environments.hpp"

namespace sim::checkers {

namespace {

using kernel::abi::EnvState;

const char* doing(EnvState state) {
    switch (state) {
        case EnvState::runnable: return "can run";
        case EnvState::parked: return "sleeps";
        case EnvState::calling: return "waits for an answer";
        default: return "is there";
    }
}

}  // namespace

std::string Progress::look(std::span<const std::byte> pool, std::uint64_t events,
                           std::uint64_t calm) {
    std::string found;
    for (Core& core : cores_) {
        for (Seen& seen : core) seen.there = false;
    }
    each_environment(pool, [&](std::uint32_t core, std::uint32_t id,
                               const kernel::abi::EnvInfo& info) {
        if (info.state == EnvState::ended || info.state == EnvState::embryo) return;
        if (cores_.size() <= core) cores_.resize(core + 1);
        Seen& seen = cores_[core][id];
        const bool same = seen.serial == info.serial && seen.state == info.state &&
                          seen.own_events == info.history_events;
        if (!same || seen.since == 0) {
            seen = {true, info.serial, info.state, info.history_events, events};
        }
        seen.there = true;
        const std::uint64_t from = std::max(seen.since, calm);
        const bool late = events > from && events - from > bound_;
        if (info.state != EnvState::runnable || !late || !found.empty()) return;
        found = environment_name(core, id, cores_.size() > 1) +
                " can run and has not got on since event " + std::to_string(seen.since) + " of " +
                std::to_string(events);
    });
    return found;
}

std::string Progress::longest(std::uint64_t events) const {
    constexpr std::size_t most = 4;
    struct Line {
        std::uint64_t since;
        std::string text;
    };
    std::vector<Line> lines;
    for (std::uint32_t core = 0; core < cores_.size(); ++core) {
        for (std::uint32_t id = 0; id < cores_[core].size(); ++id) {
            const Seen& seen = cores_[core][id];
            if (!seen.there || seen.since == events) continue;
            lines.push_back({seen.since, environment_name(core, id, cores_.size() > 1) + " " +
                                             doing(seen.state) + " since event " +
                                             std::to_string(seen.since)});
        }
    }
    std::ranges::stable_sort(lines, {}, &Line::since);
    std::string all;
    for (std::size_t i = 0; i < lines.size() && i < most; ++i) {
        all += (all.empty() ? "" : ", ") + lines[i].text;
    }
    return all;
}

}  // namespace sim::checkers
