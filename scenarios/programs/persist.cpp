// persist: changes files, and says what nothing can take away any more.
//
// Before a change a result line says what the file will be ("will", with its length and CRC-32C,
// or "gone"), and after an fsync or sync that returned, what is durable as it was announced last
// ("persisted", "*": all of it). Whoever has these lines and a disk as a crash left it can tell
// what was lost: `chitin crash`, and tests that kill machines. With `phase=look` it changes nothing
// but what recovery does, and says what it finds.
// Exit code 1: the disk was not sound after recovery, or something could not be read.
#include "libos/rt/program.hpp"
#include "scenarios/programs/persist_look.hpp"
#include "scenarios/programs/persist_work.hpp"

namespace {

using namespace scenarios::persist;
using libos::rt::ParameterKind;

constexpr libos::rt::Parameter parameters[] = {
    {"fs", ParameterKind::choice, "cofs", "the file system", 0, 0, "cofs log fat"},
    {"disk_blocks", ParameterKind::integer, "0",
     "blocks of 4 KiB of disk that init is to give it", 0, 1 << 24},
    {"phase", ParameterKind::choice, "all",
     "all: make the file system, then work; work: on the one that is there; look: only say what is "
     "there", 0, 0, "all work look"},
    {"steps", ParameterKind::integer, "120", "changes, fsyncs and syncs", 0, 1'000'000'000},
    {"files", ParameterKind::integer, "12", "different names", 1, 256},
    {"directories", ParameterKind::integer, "3", "that they lie in", 1, directories_max},
    {"bytes", ParameterKind::integer, "20000", "of a file at most", 1, 1 << 20},
    {"seed", ParameterKind::integer, "1", "of what is done", 1, 1 << 30},
};

template <class Volume>
class Session {
public:
    Session(Environment& env, ExtentDevice& device, std::string_view name)
        : env_{env}, device_{device}, name_{name},
          memory_{env.heap().array<std::byte>(Volume::memory(device.blocks()))} {
        if (memory_.empty()) {
            env.panic("no memory for the file system: ", Volume::memory(device.blocks()),
                      " bytes");
        }
    }

    int work(bool make) {
        if (make) must(env_, Volume::format(device_, memory_), "format");
        if (!make && Volume::repairs_first) {
            must(env_, Volume::check(device_, memory_, true), "check");
        }
        auto& fs = mount();
        announce();
        Work<typename Volume::Fs> work{env_, fs};
        work.run(static_cast<std::uint32_t>(env_.arguments().integer("steps")), !make);
        must(env_, fs.unmount(), "unmount");
        work.persisted_all();
        return 0;
    }

    int look() {
        std::uint64_t repaired = 0;
        if (Volume::repairs_first) {
            repaired = must(env_, Volume::check(device_, memory_, true), "repair");
        }
        auto& fs = mount();
        Look<typename Volume::Fs> look{env_, fs};
        const bool well = look.run();
        must(env_, fs.unmount(), "unmount");
        const std::uint64_t problems = must(env_, Volume::check(device_, memory_, false), "check");
        JsonLine line;
        line.add("looked", name_).add("repaired", repaired).add("problems", problems);
        env_.report(line);
        return well && problems == 0 ? 0 : 1;
    }

private:
    typename Volume::Fs& mount() {
        static_assert(sizeof(Volume) < (std::size_t{64} << 10), "it lies on the stack");
        auto* const volume = new (room_) Volume{device_, memory_};
        must(env_, volume->fs.mount(), "mount");
        return volume->fs;
    }
    void announce() {
        const auto range =
            env_.must(libos::rt::calls::extent_range(kernel::abi::slot_extent), "extent_range");
        JsonLine line;
        line.add("volume", name_).add("first", range.first).add("blocks", range.count);
        env_.report(line);
    }

    Environment& env_;
    ExtentDevice& device_;
    std::string_view name_;
    Memory memory_;
    alignas(64) std::byte room_[sizeof(Volume)];
};

template <class Volume>
int run_on(Environment& env, ExtentDevice& device) {
    Session<Volume> session{env, device, env.arguments().text("fs")};
    const std::string_view phase = env.arguments().text("phase");
    return phase == "look" ? session.look() : session.work(phase == "all");
}

int run(Environment& env) {
    ExtentDevice device{env};
    env.must(device.begin(kernel::abi::slot_extent), "using the extent (argument disk_blocks)");
    const std::string_view fs = env.arguments().text("fs");
    if (fs == "log") return run_on<Log>(env, device);
    if (fs == "fat") return run_on<Fat>(env, device);
    return run_on<Cofs>(env, device);
}

}  // namespace

CHITIN_PROGRAM(persist, "Changes files, and says what nothing can take away any more.", parameters,
               run)
