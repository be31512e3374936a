#include "sim/testbed/crash/crash_states.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace sim::testbed::crash {

using libos::fs::Error;
using libos::fs::Result;

Result<void> CrashDevice::read(std::uint64_t first, std::span<std::byte> into) {
    if (first > blocks() || into.size() / block_size_ > blocks() - first) {
        return libos::fs::error(Error::invalid);
    }
    std::copy_n(image_.begin() + static_cast<std::ptrdiff_t>(first * block_size_), into.size(),
                into.begin());
    return {};
}

Result<void> CrashDevice::write(std::uint64_t first, std::span<const std::byte> from) {
    if (first > blocks() || from.size() / block_size_ > blocks() - first) {
        return libos::fs::error(Error::invalid);
    }
    put(first * block_size_, from);
    return {};
}

void CrashDevice::put(std::uint64_t at, std::span<const std::byte> from) {
    const auto begin = image_.begin() + static_cast<std::ptrdiff_t>(at);
    undo_.push_back({at, {begin, begin + static_cast<std::ptrdiff_t>(from.size())}});
    std::ranges::copy(from, begin);
}

void CrashDevice::take_back(std::size_t changes) {
    for (; undo_.size() > changes; undo_.pop_back()) {
        const Undo& undo = undo_.back();
        std::ranges::copy(undo.bytes, image_.begin() + static_cast<std::ptrdiff_t>(undo.at));
    }
}

std::uint64_t CrashStates::for_each(const Visit& visit) {
    for (std::size_t epoch = 0; epoch < recording_.epochs.size(); ++epoch) {
        if (!visit_epoch(epoch, visit)) break;
        for (const Write& write : recording_.epochs[epoch].writes) {
            device_.put(write.sector * sector_bytes, write.bytes);
        }
        device_.undo_.clear();
    }
    return visited_;
}

bool CrashStates::show(const CrashState& state, const Visit& visit) {
    const bool wanted = bounds_.only_state < 0 ||
                        static_cast<std::uint64_t>(bounds_.only_state) == state.number;
    const bool mine = state.number % bounds_.parts == bounds_.part;
    bool more = true;
    if (wanted && mine) {
        ++visited_;
        more = visit(device_, state);
    }
    device_.revert();
    return more;
}

std::vector<std::vector<bool>> CrashStates::subsets(std::size_t writes) {
    std::vector<std::vector<bool>> all;
    if (writes <= bounds_.subset_writes_max) {
        for (std::uint64_t bits = 0; bits < std::uint64_t{1} << writes; ++bits) {
            std::vector<bool> chosen(writes);
            for (std::size_t i = 0; i < writes; ++i) chosen[i] = (bits >> i & 1) != 0;
            all.push_back(std::move(chosen));
        }
        return all;
    }
    for (std::size_t i = 0; i <= writes; ++i) {
        std::vector<bool> prefix(writes, false);
        std::fill_n(prefix.begin(), i, true);
        all.push_back(std::move(prefix));
        if (i == writes) break;
        std::vector<bool> missing(writes, true);
        missing[i] = false;
        all.push_back(std::move(missing));
        std::vector<bool> alone(writes, false);
        alone[i] = true;
        all.push_back(std::move(alone));
    }
    for (std::uint32_t n = 0; n < bounds_.random_subsets; ++n) {
        std::vector<bool> chosen(writes);
        for (std::size_t i = 0; i < writes; ++i) chosen[i] = (random_() & 1) != 0;
        all.push_back(std::move(chosen));
    }
    return all;
}

bool CrashStates::visit_epoch(std::size_t index, const Visit& visit) {
    const Epoch& epoch = recording_.epochs[index];
    CrashState state;
    state.epoch = index;
    state.mark = epoch.mark;
    for (const auto& chosen : subsets(epoch.writes.size())) {
        state.number = number_++;
        if (!visit_subset(epoch, chosen, state, visit)) return false;
    }
    for (std::uint32_t n = 0; n < bounds_.torn && !epoch.writes.empty(); ++n) {
        state.number = number_++;
        state.torn = true;
        if (!visit_torn(epoch, state, visit)) return false;
    }
    return true;
}

bool CrashStates::visit_subset(const Epoch& epoch, const std::vector<bool>& chosen,
                               CrashState state, const Visit& visit) {
    state.text = fmt::format("epoch {}: writes", state.epoch);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        if (!chosen[i]) continue;
        state.text += fmt::format(" {}", i + 1);
        device_.put(epoch.writes[i].sector * sector_bytes, epoch.writes[i].bytes);
    }
    state.text += fmt::format(" of {}", chosen.size());
    return show(state, visit);
}

// Each sector as it was, or as one of the writes left it.
bool CrashStates::visit_torn(const Epoch& epoch, CrashState state, const Visit& visit) {
    std::map<std::uint64_t, std::vector<std::span<const std::byte>>> versions;
    for (const Write& write : epoch.writes) {
        for (std::size_t at = 0; at < write.bytes.size(); at += sector_bytes) {
            versions[write.sector + at / sector_bytes].push_back(
                std::span{write.bytes}.subspan(at, sector_bytes));
        }
    }
    // Mostly there, mostly lost, or even: extremes find other mistakes than the middle.
    const std::uint64_t lost_in_8 = std::uint64_t{1} << (random_() % 3);
    std::size_t kept = 0;
    for (const auto& [sector, contents] : versions) {
        const std::uint64_t draw = random_();
        if (draw % 8 < lost_in_8) continue;
        ++kept;
        device_.put(sector * sector_bytes, contents[(draw >> 8) % contents.size()]);
    }
    state.text = fmt::format("epoch {}: {} of {} sectors, torn", state.epoch, kept,
                             versions.size());
    return show(state, visit);
}

}  // namespace sim::testbed::crash
