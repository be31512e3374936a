// A campaign's result as JSON, for the way between processes.
#include <nlohmann/json.hpp>

#include "sim/testbed/power/campaign.hpp"

namespace sim::testbed::power {

namespace {

using Json = nlohmann::json;

constexpr std::uint64_t Tally::* fields[] = {
    &Tally::states, &Tally::clean, &Tally::repaired, &Tally::noticed, &Tally::refused,
    &Tally::silent, &Tally::rolled_back, &Tally::broken, &Tally::files_pending,
    &Tally::files_unreadable, &Tally::files_wrong, &Tally::repairs_harmed};

Json encode_volume(const VolumeResult& volume) {
    Json tallies = Json::array();
    for (const Tally& tally : volume.tallies) {
        Json numbers = Json::array();
        for (const auto field : fields) numbers.push_back(tally.*field);
        tallies.push_back(std::move(numbers));
    }
    Json breaches = Json::array();
    for (const Breach& breach : volume.breaches) {
        breaches.push_back({breach.state, static_cast<unsigned>(breach.kind), breach.where,
                            breach.what});
    }
    return {{"environment", volume.environment},
            {"format", volume.format},
            {"tallies", std::move(tallies)},
            {"breaches", std::move(breaches)},
            {"statements", volume.statements},
            {"pending", volume.files_pending_most}};
}

VolumeResult decode_volume(const Json& json) {
    VolumeResult volume;
    volume.environment = json.at("environment");
    volume.format = json.at("format");
    for (std::size_t kind = 0; kind < volume.tallies.size(); ++kind) {
        const Json& numbers = json.at("tallies").at(kind);
        std::size_t at = 0;
        for (const auto field : fields) volume.tallies[kind].*field = numbers.at(at++);
    }
    for (const Json& breach : json.at("breaches")) {
        volume.breaches.push_back({breach.at(0), static_cast<Kind>(breach.at(1).get<unsigned>()),
                                   breach.at(2), breach.at(3)});
    }
    volume.statements = json.at("statements");
    volume.files_pending_most = json.at("pending");
    return volume;
}

}  // namespace

std::string encode(const CampaignResult& result) {
    Json volumes = Json::array();
    for (const VolumeResult& volume : result.volumes) volumes.push_back(encode_volume(volume));
    const Json json{{"volumes", std::move(volumes)}, {"writes", result.writes},
                    {"flushes", result.flushes},     {"epochs", result.epochs},
                    {"whole", result.epochs_whole},  {"most", result.epoch_most}};
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::expected<CampaignResult, std::string> decode(std::string_view text) {
    try {
        const Json json = Json::parse(text);
        CampaignResult result;
        for (const Json& volume : json.at("volumes")) {
            result.volumes.push_back(decode_volume(volume));
        }
        result.writes = json.at("writes");
        result.flushes = json.at("flushes");
        result.epochs = json.at("epochs");
        result.epochs_whole = json.at("whole");
        result.epoch_most = json.at("most");
        return result;
    } catch (const Json::exception& error) {
        return std::unexpected(std::string{"a part's result cannot be read: "} + error.what());
    }
}

}  // namespace sim::testbed::power
