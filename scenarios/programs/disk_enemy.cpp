// disk_enemy: writes nonsense into its request ring, unmaps and deletes frames under way, and ends
// with requests waiting. Whoever shares the disk must not notice.
#include "scenarios/programs/disk_probe_calls.hpp"
#include "scenarios/programs/disk_probe_neighbours.hpp"
#include "scenarios/programs/disk_probe_requests.hpp"

namespace {

constexpr libos::rt::Parameter parameters[] = {
    {"disk_blocks", libos::rt::ParameterKind::integer, "0",
     "blocks of 4 KiB of disk that init is to give it", 0, 1 << 24},
    {"rounds", libos::rt::ParameterKind::integer, "400", "50 us each", 1, 1'000'000},
};

int run(libos::rt::Environment& env) {
    scenarios::disk_probe::DiskProbe enemy{env};
    return enemy.be_hostile(static_cast<std::uint32_t>(env.arguments().integer("rounds")));
}

}  // namespace

CHITIN_PROGRAM(disk_enemy, "Writes nonsense into its request ring on a disk that others share.",
               parameters, run)
