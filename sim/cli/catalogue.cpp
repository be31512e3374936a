#include "sim/cli/catalogue.hpp"

#include "libos/policy/list.hpp"
#include "scenarios/programs/programs.hpp"
#include "sim/models/cost_profiles.hpp"
#include "sim/models/disk_profiles.hpp"

namespace sim::cli {

testbed::Catalogue make_catalogue() {
    testbed::Catalogue catalogue;
    catalogue.programs = scenarios::programs::program_declarations();
    for (const auto& profile : models::cost_profiles()) {
        catalogue.profiles.push_back({profile.name, profile.source, profile.values});
    }
    for (const auto& model : models::disk_profiles()) {
        catalogue.disk_models.push_back({model.name, model.source, model.values});
    }
    const auto& policies = libos::policy::policy_names();
    catalogue.policies.assign(policies.begin(), policies.end());
    return catalogue;
}

}  // namespace sim::cli
