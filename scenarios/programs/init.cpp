// init: the default root. Starts the environments of its core, waits for all, takes everything
// back, and exits with the worst exit code.
#include "libos/rt/program.hpp"
#include "libos/rt/spawn.hpp"

namespace {

using kernel::abi::cell_envs_max;
using libos::rt::Child;
using libos::rt::Environment;
using libos::rt::InfoWindow;

int run(Environment& env) {
    Child children[cell_envs_max];
    std::uint32_t count = 0;
    std::uint32_t worst = 0;
    for (std::uint32_t i = 1; i < env.info().own_records(); ++i) {
        const std::uint32_t record = env.info().own_record(i);
        const auto options = libos::rt::options_of(env, record);
        const auto child = libos::rt::spawn(env, options);
        if (child.has_value()) {
            children[count++] = *child;
            continue;
        }
        worst = libos::rt::exit_panic;
        env.say("init: ", InfoWindow::name_of(env.info().env_record(record)->name), " (program ",
                options.program, ") does not start: ", libos::rt::status_name(child.error()));
    }
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint32_t code = libos::rt::wait(env, children[i]);
        libos::rt::destroy(env, children[i]);
        if (code > worst) worst = code;
    }
    return static_cast<int>(worst);
}

}  // namespace

CHITIN_PROGRAM(init, "Starts a core's environments, and waits for them. The default root.",
               libos::rt::no_parameters, run)
