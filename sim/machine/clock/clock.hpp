// Which clock this build has (README.md), for those who do not care how it works.
#pragma once

namespace sim::machine {

// Does virtual time pass with every instruction?
bool counts_instructions();

// Does once what all machines of this process need, and of processes forked from it: without it
// each does so itself.
void prepare_process();

}  // namespace sim::machine
