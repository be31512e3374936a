#include "sim/testbed/misses.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "libos/policy/cache.hpp"
#include "libos/policy/list.hpp"
#include "sim/testbed/trace/next_use.hpp"

namespace sim::testbed {

namespace {

using libos::policy::Cache;
using libos::policy::Config;
using libos::policy::Hint;
using libos::policy::PageId;

static_assert(trace::no_next_use == libos::policy::never);

template <typename P>
std::uint64_t replay(const trace::Trace& trace, const Config& config, bool sizes) {
    std::vector<std::byte> memory(Cache<P>::bytes(config));
    kernel::base::Arena arena{memory};
    Cache<P> cache{arena, config};
    std::vector<std::uint64_t> next;
    if constexpr (libos::policy::clairvoyant<P>) next = next_uses(trace);
    const bool writes = !trace.write.empty();
    for (std::size_t i = 0; i < trace.page.size(); ++i) {
        Hint hint;
        if (sizes) hint.weight = trace.weight[i];
        if (writes) hint.write = trace.write[i] != 0;
        if constexpr (libos::policy::clairvoyant<P>) hint.next_use = next[i];
        cache.reference(PageId{trace.page[i]}, hint);
    }
    return cache.misses();
}

}  // namespace

bool policy_known(std::string_view name) {
    return std::ranges::find(libos::policy::policy_names(), name) !=
           libos::policy::policy_names().end();
}

std::string known_policies() {
    std::string all;
    for (const std::string_view name : libos::policy::policy_names()) {
        if (!all.empty()) all += ", ";
        all += name;
    }
    return all;
}

std::expected<std::uint64_t, std::string> count_misses(const trace::Trace& trace,
                                                       std::string_view policy,
                                                       std::uint64_t capacity,
                                                       const MissOptions& options) {
    if (capacity == 0 || capacity > libos::policy::capacity_max) {
        return std::unexpected("expected a capacity from 1 to 2^56, found " +
                               std::to_string(capacity));
    }
    if (options.sizes && trace.weight.size() != trace.page.size()) {
        return std::unexpected("expected a trace with sizes, found one without");
    }
    const Config config{.pages = trace.pages(), .capacity = capacity, .seed = options.seed};
    std::uint64_t misses = 0;
    const bool found = libos::policy::with_policy(policy, [&](auto chosen) {
        using P = typename decltype(chosen)::type;
        misses = replay<P>(trace, config, options.sizes);
    });
    if (found) return misses;
    return std::unexpected("unknown policy \"" + std::string{policy} + "\"; known: " +
                           known_policies());
}

}  // namespace sim::testbed
