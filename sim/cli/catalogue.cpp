#include "sim/cli/catalogue.hpp"

#include "libos/policy/list.hpp"
#include "scenarios/programs/programs.hpp"
#include "sim/models/cost_profiles.hpp"
#include "sim/models/disk_profiles.hpp"
#include "sim/testbed/catalogue.hpp"

namespace sim::cli {

testbed::Catalogue make_catalogue() {
    auto catalogue = testbed::catalogue_of(scenarios::programs::program_declarations(),
                                           models::cost_profiles(), models::disk_profiles());
    const auto& policies = libos::policy::policy_names();
    catalogue.policies.assign(policies.begin(), policies.end());
    return catalogue;
}

}  // namespace sim::cli
