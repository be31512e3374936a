// disk_probe: calls the kernel wrongly in every way there is about disks, then shares one with a
// neighbour that is hostile.
//
// It is the root environment of a machine with a blank disk. Each check compares a status with
// kernel/abi/call.hpp or kernel/abi/disk.hpp, in the order that they say. Children are the same
// program with another start argument. At the end: {"checks":N,"failures":M}, exit code 0 or 1.
#include "scenarios/programs/disk_probe.hpp"

#include "scenarios/programs/disk_probe_calls.hpp"
#include "scenarios/programs/disk_probe_neighbours.hpp"
#include "scenarios/programs/disk_probe_requests.hpp"

namespace {

using scenarios::disk_probe::DiskProbe;
using scenarios::disk_probe::Manner;

int run(libos::rt::Environment& env) {
    DiskProbe probe{env};
    switch (static_cast<Manner>(env.start().argument)) {
        case Manner::probing: return probe.run();
        case Manner::honest: return probe.be_honest();
        case Manner::hostile: return probe.be_hostile();
        case Manner::leaves_requests: return probe.leave_requests();
        case Manner::busy: return probe.be_busy();
    }
    return 1;
}

}  // namespace

CHITIN_PROGRAM(disk_probe, "Hostile calls and requests about a disk. A root, with a blank disk.",
               libos::rt::no_parameters, run)
