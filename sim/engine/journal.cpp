#include "sim/engine/journal.hpp"

#include <algorithm>
#include <utility>

#include "kernel/base/assert.hpp"

namespace sim::engine {

using kernel::abi::Channel;
using kernel::abi::EnvId;

Journal::Open& Journal::open(EnvId env) {
    CHITIN_ASSERT(env.value < open_.size());
    Open& open = open_[env.value];
    open.used = true;
    open.env.id = env.value;
    return open;
}

// The first result line of an environment made from a record is {"env":"<its name>"}.
void Journal::add_line(EnvResult& env, std::string line) {
    constexpr std::string_view head = "{\"env\":\"";
    constexpr std::string_view tail = "\"}";
    const bool first = env.name.empty() && env.results.empty();
    if (first && line.starts_with(head) && line.ends_with(tail)) {
        env.name = line.substr(head.size(), line.size() - head.size() - tail.size());
        return;
    }
    if (!line.empty()) env.results.push_back(std::move(line));
}

void Journal::print(EnvId id, Channel channel, std::string_view text) {
    Open& env = open(id);
    if (channel == Channel::text) {
        env.env.text += text;
        return;
    }
    for (const char character : text) {
        if (character != '\n') {
            env.line += character;
            continue;
        }
        add_line(env.env, std::exchange(env.line, {}));
    }
}

void Journal::env_ended(EnvId id, const kernel::abi::EnvInfo& info) {
    Open& env = open(id);
    add_line(env.env, std::exchange(env.line, {}));
    env.env.info = info;
    result_.envs.push_back(std::move(env.env));
    env = Open{};
}

CellResult Journal::finish() {
    std::ranges::stable_sort(result_.envs, {},
                             [](const EnvResult& env) {
                                 return std::pair{core_of(env), env.info.serial};
                             });
    for (Open& env : open_) {
        if (!env.used) continue;
        add_line(env.env, std::exchange(env.line, {}));
        result_.envs.push_back(std::move(env.env));
        env = Open{};
    }
    result_.trace_hash = hash_.value();
    result_.trace_events = hash_.count();
    return std::exchange(result_, CellResult{});
}

}  // namespace sim::engine
