#pragma once

/// A catalogue of models: whoever lets scenarios name them names all of them.

#include "sim/testbed/scenario.hpp"

namespace sim::testbed {

/// `costs` and `disks`: ranges of what has a name, a source and values (sim/models). Policies are
/// the caller's to add.
template <class Costs, class Disks>
[[nodiscard]] Catalogue catalogue_of(std::span<const libos::rt::Declaration* const> programs,
                                     const Costs& costs, const Disks& disks) {
    Catalogue catalogue{.programs = programs, .profiles = {}, .policies = {}};
    for (const auto& one : costs) {
        catalogue.profiles.push_back({one.name, one.source, one.values});
    }
    for (const auto& one : disks) {
        catalogue.disk_models.push_back({one.name, one.source, one.values});
    }
    return catalogue;
}

}  // namespace sim::testbed
