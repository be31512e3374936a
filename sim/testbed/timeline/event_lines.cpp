#include "sim/testbed/timeline/event_lines.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sim/testbed/event_text.hpp"

namespace sim::testbed::timeline {

std::string to_event_lines(const History& history) {
    std::string out = "[";
    for (const kernel::abi::Event& event : history.events) {
        nlohmann::ordered_json words = nlohmann::ordered_json::array();
        const std::size_t count =
            std::min<std::size_t>(event.word_count, std::size(event.words));
        for (std::size_t i = 0; i < count; ++i) {
            words.push_back(fmt::format("{:#x}", event.words[i]));
        }
        const nlohmann::ordered_json line{{"ns", event.time.value},
                                          {"core", core_of(event.env)},
                                          {"env", event.env.value},
                                          {"name", history.name_of(event.env)},
                                          {"what", event_name(event)},
                                          {"status", status_text(event)},
                                          {"words", words}};
        out += out.size() == 1 ? "\n" : ",\n";
        out += line.dump();
    }
    return out + "\n]\n";
}

}  // namespace sim::testbed::timeline
