#include "sim/testbed/timeline/history.hpp"

#include <fmt/format.h>

namespace sim::testbed::timeline {

std::string History::name_of(kernel::abi::EnvId env) const {
    const auto found = names.find(env.value);
    return found != names.end() ? found->second : fmt::format("#{}", env.value);
}

History history_of(const engine::CellResult& result, std::uint32_t cores) {
    History history{.events = result.events, .names = {}, .cores = cores};
    for (const engine::EnvResult& env : result.envs) {
        if (env.name.empty()) continue;
        std::string& name = history.names[env.id];
        name += name.empty() ? env.name : ", " + env.name;
    }
    return history;
}

}  // namespace sim::testbed::timeline
