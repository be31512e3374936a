#include "sim/testbed/scenario.hpp"

#include <algorithm>

namespace sim::testbed {

const libos::rt::Declaration* Catalogue::program(std::string_view name) const {
    const auto found = std::ranges::find_if(
        programs, [name](const libos::rt::Declaration* each) { return each->name == name; });
    return found == programs.end() ? nullptr : *found;
}

const Catalogue::DiskModel* Catalogue::disk_model(std::string_view name) const {
    const auto found = std::ranges::find(disk_models, name, &DiskModel::name);
    return found == disk_models.end() ? nullptr : &*found;
}

const Catalogue::Profile* Catalogue::profile(std::string_view name) const {
    const auto found = std::ranges::find(profiles, name, &Profile::name);
    return found == profiles.end() ? nullptr : &*found;
}

}  // namespace sim::testbed
