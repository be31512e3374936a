// init: the default root. Starts the environments of its core, waits for all, takes everything
// back, and exits with the worst exit code.
//
// One with an argument `disk_blocks` gets an extent of so many blocks of the first disk, called as
// it is (its first 16 bytes): after a reboot the same again. A disk that has something else on it
// goes as a whole to the one that is called `raw`.
#include <charconv>

#include "libos/rt/program.hpp"
#include "libos/rt/spawn.hpp"

namespace {

using kernel::abi::cell_envs_max;
using libos::rt::Child;
using libos::rt::Environment;
using libos::rt::InfoWindow;
using libos::rt::Slot;
namespace calls = libos::rt::calls;

std::size_t line_end(std::string_view lines, std::size_t from) {
    while (from < lines.size() && lines[from] != '\n') ++from;
    return from;
}

// The number that `name` has among those lines, or 0.
std::uint32_t number_of(std::string_view lines, std::string_view name) {
    for (std::size_t at = 0; at < lines.size();) {
        const std::size_t end = line_end(lines, at);
        const std::string_view line{lines.data() + at, end - at};
        at = end + 1;
        if (line.size() <= name.size() || line[name.size()] != '=') continue;
        if (std::string_view{line.data(), name.size()} != name) continue;
        std::uint32_t number = 0;
        std::from_chars(line.data() + name.size() + 1, line.data() + line.size(), number);
        return number;
    }
    return 0;
}

// An extent for the environment, in a slot; slot 0: it wants none.
libos::rt::Result<Slot> extent_for(Environment& env, const kernel::abi::EnvRecord& record) {
    const std::uint32_t blocks = number_of(env.info().arguments(record), "disk_blocks");
    if (blocks == 0) return Slot{0};
    kernel::abi::ExtentName name{};
    __builtin_memcpy(&name, record.name, sizeof name);
    const Slot slot = TRY(env.space().take_slot());
    if (calls::extent_open(kernel::abi::slot_disk, slot, name).has_value()) return slot;
    TRY(calls::extent_allocate(kernel::abi::slot_disk, slot, kernel::abi::any_block, blocks, name));
    return slot;
}

libos::rt::Result<Child> start(Environment& env, libos::rt::SpawnOptions options) {
    options.extent = TRY(extent_for(env, *env.info().env_record(options.env_record)));
    return libos::rt::spawn(env, options);
}

int run(Environment& env) {
    Child children[cell_envs_max];
    std::uint32_t count = 0;
    std::uint32_t worst = 0;
    for (std::uint32_t i = 1; i < env.info().own_records(); ++i) {
        const std::uint32_t record = env.info().own_record(i);
        const auto options = libos::rt::options_of(env, record);
        const auto child = start(env, options);
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
