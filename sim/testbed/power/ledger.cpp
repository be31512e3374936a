#include "sim/testbed/power/ledger.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sim::testbed::power {

namespace {

using Json = nlohmann::json;

std::string words(const Version& version) {
    if (!version.there) return "not there";
    return fmt::format("{} bytes with sum {}", version.bytes, version.sum);
}

bool contains(const std::vector<Version>& all, const Version& version) {
    return std::ranges::find(all, version) != all.end();
}

// A directory above it cannot be read, or the root.
bool hidden(const Found& found, const std::string& path) {
    for (std::size_t at = path.rfind('/');; at = path.rfind('/', at - 1)) {
        const auto above = found.find(at == std::string::npos ? "" : path.substr(0, at));
        if (above != found.end() && !above->second) return true;
        if (at == std::string::npos || at == 0) return false;
    }
}

std::optional<Json> object(std::string_view line) {
    Json json = Json::parse(line, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    return json;
}

std::optional<std::string> text(const Json& json, const char* key) {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_string()) return std::nullopt;
    return found->get<std::string>();
}

std::optional<std::uint64_t> number(const Json& json, const char* key) {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_number_unsigned()) return std::nullopt;
    return found->get<std::uint64_t>();
}

std::optional<Version> version_of(const Json& json) {
    const auto bytes = number(json, "bytes");
    const auto sum = number(json, "sum");
    if (!bytes || !sum) return std::nullopt;
    return Version{true, *bytes, static_cast<std::uint32_t>(*sum)};
}

}  // namespace

void Ledger::take(const Statement& statement) {
    const auto settle = [](File& file) { file.allowed = {file.allowed.back()}; };
    if (!statement.persisted) {
        File& file = files_[statement.path];
        file.allowed.push_back(statement.version);
        file.ever.push_back(statement.version);
    } else if (statement.path == "*") {
        for (auto& [path, file] : files_) settle(file);
    } else {
        settle(files_[statement.path]);
    }
}

bool Ledger::allows(const std::string& path, const Version& found) const {
    const auto file = files_.find(path);
    if (file == files_.end()) return !found.there;
    return contains(file->second.allowed, found);
}

Losses Ledger::judge(const Found& found, bool whole_changes) const {
    Losses losses;
    std::string unreadable;
    const auto look = [&](const std::string& path, const std::optional<Version>& version) {
        const auto known = files_.find(path);
        if (!version) {
            ++losses.unreadable;
            if (unreadable.empty()) unreadable = fmt::format("\"{}\" cannot be read", path);
            return;
        }
        if (allows(path, *version)) return;
        const bool pending = known == files_.end() || known->second.allowed.size() > 1;
        if (!whole_changes && pending) {
            ++losses.pending;
            losses.pending_paths += " " + path;
            return;
        }
        const bool was = known != files_.end() && contains(known->second.ever, *version);
        ++(was ? losses.older : losses.wrong);
        if (!losses.first.empty()) return;
        losses.first = fmt::format("\"{}\" is {}, expected {}", path, words(*version),
                                   known == files_.end() ? words({})
                                                         : words(known->second.allowed.back()));
    };
    for (const auto& [path, version] : found) look(path, version);
    for (const auto& [path, file] : files_) {
        if (found.contains(path)) continue;
        if (hidden(found, path)) {
            look(path, std::nullopt);
        } else {
            look(path, Version{});
        }
    }
    if (losses.first.empty()) losses.first = unreadable;
    return losses;
}

std::optional<Statement> read_statement(std::string_view line) {
    const auto json = object(line);
    if (!json) return std::nullopt;
    if (const auto path = text(*json, "persisted")) return Statement{*path, true, {}};
    const auto path = text(*json, "will");
    if (!path) return std::nullopt;
    if (json->contains("gone")) return Statement{*path, false, {}};
    const auto version = version_of(*json);
    if (!version) return std::nullopt;
    return Statement{*path, false, *version};
}

std::optional<VolumeLine> read_volume(std::string_view line) {
    const auto json = object(line);
    if (!json) return std::nullopt;
    const auto format = text(*json, "volume");
    const auto first = number(*json, "first");
    const auto blocks = number(*json, "blocks");
    if (!format || !first || !blocks) return std::nullopt;
    return VolumeLine{*format, *first, *blocks};
}

Looked read_look(const std::vector<std::string>& lines) {
    Looked looked;
    for (const std::string& line : lines) {
        const auto json = object(line);
        if (!json) continue;
        if (const auto path = text(*json, "found")) {
            looked.found[*path] = version_of(*json);
        } else if (const auto bad = text(*json, "unreadable")) {
            looked.found[*bad] = std::nullopt;
        } else if (text(*json, "looked")) {
            looked.finished = true;
            looked.repaired = number(*json, "repaired").value_or(0);
            looked.problems = number(*json, "problems").value_or(0);
        }
    }
    return looked;
}

}  // namespace sim::testbed::power
