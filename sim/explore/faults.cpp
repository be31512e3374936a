#include "sim/explore/faults.hpp"

#include <bit>

namespace sim::explore {

namespace {

constexpr std::uint64_t purpose_swarm = 2;
constexpr std::uint64_t purpose_kind = 16;  // and one more for each kind
constexpr std::uint32_t rate_bits = 9;
// An environment dies at most so often, in the mean: a run in which all die shows little.
constexpr std::uint64_t kill_one_in = 256;
// Each costs the host some system calls and page faults, whatever the machine makes of it.
constexpr std::uint64_t translation_one_in = 16;

// A request is late by so many looks at most (a power of two): the driver looks seldom.
constexpr std::uint32_t disk_looks_bits = 6;
constexpr std::uint64_t disk_value_max = 1 << 16;  // of blocks, bits and sectors

constexpr std::uint32_t bit(DecisionKind kind) { return 1u << static_cast<unsigned>(kind); }
constexpr std::uint32_t kinds_that(bool (*are)(DecisionKind)) {
    std::uint32_t kinds = 0;
    for (std::size_t i = 0; i < kind_names.size(); ++i) {
        const auto kind = static_cast<DecisionKind>(i);
        if (are(kind)) kinds |= bit(kind);
    }
    return kinds;
}
constexpr std::uint32_t all_kinds =
    (1u << kind_names.size()) - 1 - bit(DecisionKind::stall) - kinds_that(&silent);
constexpr std::uint32_t hostile_kinds = kinds_that(&hostile);

// The kinds that can be chosen, as an error says them.
std::string choices() {
    std::string all = "none, all, legal, or";
    for (const std::string_view name : kind_names) {
        if (name != name_of(DecisionKind::stall)) all += " " + std::string{name} + ",";
    }
    return all;
}

}  // namespace

std::expected<FaultChoice, std::string> FaultChoice::parse(std::string_view text) {
    if (text == "none") return FaultChoice{};
    FaultChoice choice;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        const std::string_view name = text.substr(begin, end - begin);
        begin = end + 1;
        if (name == "all" || name == "legal") {
            choice.kinds |= name == "all" ? all_kinds : all_kinds & ~hostile_kinds;
            continue;
        }
        const auto kind = kind_of(name);
        if (!kind || *kind == DecisionKind::stall) {
            return std::unexpected("expected " + choices() + " with commas between, found \"" +
                                   std::string{name} + "\"");
        }
        choice.kinds |= bit(*kind);
    }
    return choice;
}

std::string FaultChoice::text() const {
    std::string all;
    for (std::size_t i = 0; i < kind_names.size(); ++i) {
        if ((kinds >> i & 1) != 0) all += (all.empty() ? "" : ",") + std::string{kind_names[i]};
    }
    return all.empty() ? "none" : all;
}

Faults::Faults(const FaultChoice& choice, std::uint64_t slice_ns, std::uint64_t seed)
    : time_bits_{static_cast<std::uint32_t>(std::bit_width(slice_ns + 1))} {
    Stream swarm{seed, purpose_swarm};
    for (std::size_t i = 0; i < kind_names.size(); ++i) {
        const auto kind = static_cast<DecisionKind>(i);
        const bool on = swarm.one_in(2);
        const std::uint64_t one_in = swarm.logarithmic(rate_bits);
        kinds_.push_back({choice.has(kind) && on ? one_in : 0, Stream{seed, purpose_kind + i}});
        if (kind == DecisionKind::kill) kinds_.back().one_in *= kill_one_in;
        if (kind == DecisionKind::translation) kinds_.back().one_in *= translation_one_in;
    }
}

std::uint64_t Faults::draw(DecisionKind kind) {
    Kind& own = kinds_[static_cast<std::size_t>(kind)];
    if (own.one_in == 0 || !own.stream.one_in(own.one_in)) return 0;
    switch (kind) {
        case DecisionKind::message:
        case DecisionKind::publication:
        case DecisionKind::timer: return own.stream.logarithmic(time_bits_);
        // How close to the deadline, on either side: close is where mistakes are.
        case DecisionKind::revocation: return own.stream.logarithmic(time_bits_);
        case DecisionKind::disk_late: return own.stream.logarithmic(disk_looks_bits);
        case DecisionKind::disk_torn:
        case DecisionKind::disk_misdirected:
        case DecisionKind::disk_rot: return own.stream.below(disk_value_max) + 1;
        case DecisionKind::translation:
        case DecisionKind::interrupt: return own.stream.next() | 1;
        default: return 1;
    }
}

std::string Faults::text() const {
    std::string all;
    for (std::size_t i = 0; i < kinds_.size(); ++i) {
        if (kinds_[i].one_in == 0) continue;
        all += (all.empty() ? "" : ", ") + std::string{kind_names[i]} + " 1/" +
               std::to_string(kinds_[i].one_in);
    }
    return all.empty() ? "none" : all;
}

}  // namespace sim::explore
