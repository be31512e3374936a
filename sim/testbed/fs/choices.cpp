#include "sim/testbed/fs/choices.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sim::testbed::fs {

namespace {

namespace choice = libos::fs::choice;
using Problem = std::optional<std::string>;

template <class Names>
std::string none_called(const char* family, const std::string& name, const Names& names) {
    return fmt::format("no {} policy \"{}\"; expected one of: {}", family, name,
                       fmt::join(names, ", "));
}

template <class Family>
Problem take(const char* family, const std::string& name, choice::Index& into) {
    if (name.empty()) return {};
    if (const auto found = Family::find(name)) {
        into = *found;
        return {};
    }
    std::vector<std::string_view> names;
    for (const auto& text : Family::texts) names.push_back(text.name);
    return none_called(family, name, names);
}

Problem take_replacement(const std::string& name, choice::Index& into) {
    using libos::policy::AnyReplacement;
    if (name.empty()) return {};
    if (const auto found = AnyReplacement::find(name)) {
        into = *found;
        return {};
    }
    return none_called("replacement", name, AnyReplacement::names());
}

}  // namespace

std::expected<Choices, std::string> choices_of(const OpenOptions& options, Choices choices) {
    const Problem problems[] = {
        take_replacement(options.replacement, choices.cache.replacement),
        take<choice::WriteBacks>("write-back", options.write_back, choices.cache.write_back),
        take<choice::ReadAheads>("read-ahead", options.read_ahead, choices.cache.read_ahead),
        take<choice::Allocations>("allocation", options.allocation, choices.allocation)};
    for (const Problem& problem : problems) {
        if (problem) return std::unexpected(*problem);
    }
    return choices;
}

std::expected<void, std::string> check_families(const OpenOptions& options, Has has) {
    if (!has.cleaner && !options.cleaner.empty()) return std::unexpected("only log has a cleaner");
    if (!has.commit && !options.commit.empty()) {
        return std::unexpected("only cofs has two ways to commit");
    }
    if (has.space) return {};
    if (!options.write_back.empty()) {
        return std::unexpected("log writes its log in whole segments: it has no write-back policy");
    }
    if (!options.allocation.empty()) {
        return std::unexpected("log allocates at the end of its log: it has no allocation policy");
    }
    return {};
}

}  // namespace sim::testbed::fs
