// tree_probe: calls the kernel wrongly in every way there is about trees of blocks, and opens trees
// that are none.
//
// It is the root environment of a machine with a blank disk. Each check compares a status with
// kernel/abi/call.hpp, in the order that it says. At the end: {"checks":N,"failures":M}, exit code
// 0 or 1. What others may do to a tree: program shared_tree.
#include "scenarios/programs/tree/probe.hpp"
#include "scenarios/programs/tree/probe_open.hpp"

namespace {

int run(libos::rt::Environment& env) { return scenarios::tree::Probe{env}.run(); }

}  // namespace

CHITIN_PROGRAM(tree_probe, "Hostile calls about trees of blocks. A root, with a blank disk.",
               libos::rt::no_parameters, run)
