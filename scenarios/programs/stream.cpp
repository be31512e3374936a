// stream: large files written and read from end to end, several in turn.
//
// Each stream has a file of its own and a turn of `io_kib` KiB; the files are written, synced, read
// after mounting anew and compared, and deleted. What a file system's allocation does to streams
// that grow in turn, and what its read-ahead makes of it, is the result. After McVoy and Kleiman
// (Extent-like performance from a UNIX file system, USENIX winter 1991). Exit code 1: something was
// not as it was written.
#include "scenarios/programs/volume.hpp"

namespace {

using namespace scenarios::programs;

constexpr Parameter own_parameters[] = {
    {"streams", ParameterKind::integer, "1", "files that are written and read in turn", 1, 64},
    {"total_kib", ParameterKind::integer, "8192", "KiB of all files together", 64, 1 << 22},
    {"io_kib", ParameterKind::integer, "64", "KiB of one call", 4, 1024},
};
constexpr auto parameters = with_volume(own_parameters);

template <class Format>
class Work {
public:
    Work(Environment& env, ExtentDevice& device, const VolumeSetup& setup)
        : env_{env}, volume_{env, device, setup} {
        const auto& given = env.arguments();
        streams_ = static_cast<std::uint32_t>(given.integer("streams"));
        bytes_ = static_cast<std::size_t>(given.integer("io_kib")) * 1024;
        turns_ = static_cast<std::uint32_t>(given.integer("total_kib")) * std::size_t{1024} /
                 streams_ / bytes_;
        data_ = env.heap().array<std::byte>(bytes_);
        found_ = env.heap().array<std::byte>(bytes_);
        if (data_.empty() || found_.empty()) env.panic("no memory for ", bytes_, " bytes");
        fill(data_, 1);
    }

    int run() {
        volume_.format();
        write();
        const std::uint32_t wrong = read();
        remove();
        if (wrong != 0) env_.say("stream: ", wrong, " calls did not read what was written");
        return wrong == 0 && turns_ != 0 ? 0 : 1;
    }

private:
    // The bytes of a turn: each begins with its number.
    void mark(std::uint32_t stream, std::size_t turn) {
        const std::uint64_t number = turn << 8 | stream;
        __builtin_memcpy(data_.data(), &number, sizeof number);
    }

    void write() {
        volume_.mount();
        Meter meter{env_, volume_.device()};
        fs::Inode files[64];
        char name[12];
        for (std::uint32_t s = 0; s < streams_; ++s) {
            files[s] = volume_.must(
                volume_.fs().create(volume_.fs().root(), name_of('f', s, name), {}), "create");
        }
        each_turn([&](std::uint32_t s, std::size_t turn) {
            mark(s, turn);
            meter.time([&] {
                volume_.take_time();
                const auto part = volume_.must(
                    volume_.fs().write(files[s], turn * bytes_, data_), "write");
                if (part != bytes_) env_.panic("the disk is full");
            });
        });
        meter.time([&] { volume_.must(volume_.fs().sync(), "sync"); });
        volume_.unmount();
        report(meter, "write");
    }

    std::uint32_t read() {
        volume_.mount();
        Meter meter{env_, volume_.device()};
        fs::Inode files[64];
        char name[12];
        for (std::uint32_t s = 0; s < streams_; ++s) {
            files[s] = volume_.must(
                volume_.fs().lookup(volume_.fs().root(), name_of('f', s, name)), "lookup");
        }
        std::uint32_t wrong = 0;
        each_turn([&](std::uint32_t s, std::size_t turn) {
            meter.time([&] {
                const auto part = volume_.must(
                    volume_.fs().read(files[s], turn * bytes_, found_), "read");
                if (part != bytes_) ++wrong;
            });
            mark(s, turn);
            if (__builtin_memcmp(found_.data(), data_.data(), bytes_) != 0) ++wrong;
        });
        volume_.unmount();
        report(meter, "read");
        return wrong;
    }

    void remove() {
        volume_.mount();
        Meter meter{env_, volume_.device()};
        char name[12];
        for (std::uint32_t s = 0; s < streams_; ++s) {
            meter.time([&] {
                volume_.must(volume_.fs().unlink(volume_.fs().root(), name_of('f', s, name)),
                             "unlink");
            });
        }
        meter.time([&] { volume_.must(volume_.fs().sync(), "sync"); });
        volume_.unmount();
        meter.report("delete", 0);
    }

    template <class Act>
    void each_turn(Act act) {
        for (std::size_t turn = 0; turn < turns_; ++turn) {
            for (std::uint32_t s = 0; s < streams_; ++s) act(s, turn);
        }
    }

    void report(Meter& meter, std::string_view what) {
        meter.report(what, std::uint64_t{turns_} * streams_ * bytes_);
    }

    Environment& env_;
    Volume<Format> volume_;
    std::uint32_t streams_ = 0;
    std::size_t bytes_ = 0;
    std::size_t turns_ = 0;
    Memory data_, found_;
};

int run(Environment& env) {
    return on_volume(env, [&]<class Format>(ExtentDevice& device, const VolumeSetup& setup) {
        static_assert(sizeof(Work<Format>) < (std::size_t{64} << 10), "it lies on the stack");
        Work<Format> work{env, device, setup};
        return work.run();
    });
}

}  // namespace

CHITIN_PROGRAM(stream, "Large files written and read from end to end, several in turn.", parameters,
               run)
