// hello: the smallest program. Greets, says what memory it has and what time it is, and ends.
// Where there are several cores it says on which it is.
#include "libos/rt/program.hpp"

namespace {

using libos::rt::Environment;
using libos::rt::ParameterKind;

constexpr libos::rt::Parameter parameters[] = {
    {"name", ParameterKind::text, "world", "whom to greet"},
};

int run(Environment& env) {
    const auto& system = env.info().system();
    const auto name = env.arguments().text("name");
    const std::uint32_t used = env.own_info().frames_used;
    env.say("Hello, ", name, "! I am environment ", env.id().value, ".");
    const bool several = system.cores > 1;
    if (several) env.say("I run on core ", system.core, " of ", system.cores, ".");
    env.say("The pool has ", system.pool_frames, " frames, ", system.free_frames,
            " are free, and I use ", used, ".");
    env.say("It is ", env.now().value, " ns since this machine started.");
    libos::rt::JsonLine line;
    line.add("greeted", name)
        .add("frames_used", used)
        .add("pool_frames", system.pool_frames)
        .add("time_ns", env.now().value);
    if (several) line.add("core", system.core);
    env.report(line);
    return 0;
}

}  // namespace

CHITIN_PROGRAM(hello, "Greets, says what memory it has and what time it is.", parameters, run)
