// A process that is killed at any time leaves a crash state: all writes that returned are there,
// and no other. For real: children write to an image file, and are killed.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

#include "sim/host/file/temporary_folder.hpp"
#include "tests/unit/fs_durable/kinds.hpp"
#include "tests/unit/fs_model/effort.hpp"
#include "tests/unit/fs_model/memory_device.hpp"
#include "tests/unit/fs_model/random_calls.hpp"

namespace tests::fs_durable {
namespace {

using fs_model::effort;
using fs_model::Features;
using fs_model::MemoryDevice;
using fs_model::RandomCalls;
using fs_model::Reference;
using libos::fs::Error;
using libos::fs::Result;
using sim::testbed::crash::digest;
using sim::testbed::crash::take_picture;

constexpr std::uint32_t block_size = 4096;
constexpr std::uint64_t blocks = 2048;
constexpr std::uint64_t calls = 600;
constexpr std::uint64_t seed = 5;

/// An image file. A killed process loses nothing that write() took, so flush() has nothing to do.
class FileDevice {
public:
    explicit FileDevice(int file) : file_{file} {}
    /// Writes take their time from now on: who is to be killed between them does not outrun it.
    void slow_down() { slow_ = true; }
    [[nodiscard]] std::uint32_t block_size() const { return fs_durable::block_size; }
    [[nodiscard]] std::uint64_t blocks() const { return fs_durable::blocks; }
    Result<void> read(std::uint64_t first, std::span<std::byte> into) {
        return answer(pread(file_, into.data(), into.size(), at(first)), into.size());
    }
    Result<void> write(std::uint64_t first, std::span<const std::byte> from) {
        if (slow_) std::this_thread::sleep_for(std::chrono::microseconds{200});
        return answer(pwrite(file_, from.data(), from.size(), at(first)), from.size());
    }
    Result<void> flush() { return {}; }

private:
    static off_t at(std::uint64_t first) {
        return static_cast<off_t>(first * fs_durable::block_size);
    }
    static Result<void> answer(ssize_t got, std::size_t asked) {
        if (got != static_cast<ssize_t>(asked)) return libos::fs::error(Error::io);
        return {};
    }
    int file_;
    bool slow_ = false;
};

Features features() {
    return {.file_max = 40'000, .large_one_in = 200};
}

template <class Fs>
std::vector<std::byte> memory_of() {
    return std::vector<std::byte>(Fs::check_memory_needed(blocks, 64));
}

struct History {
    std::vector<std::uint64_t> digests;  ///< after so many calls
    std::vector<std::uint64_t> durable;
    std::vector<std::byte> image;        ///< before the first
};

template <class Fs>
History expected() {
    MemoryDevice device{block_size, blocks};
    std::vector<std::byte> memory = memory_of<Fs>();
    EXPECT_TRUE(Fs::format(device, memory));
    History history{{}, {}, device.bytes()};
    Fs fs{device, memory};
    Reference reference;
    EXPECT_TRUE(fs.mount());
    RandomCalls walk{fs, reference, seed, features()};
    for (std::uint64_t i = 0;; ++i) {
        history.durable.push_back(i == 0 || walk.durable() ? i : history.durable.back());
        history.digests.push_back(digest(*take_picture(reference)));
        if (i == calls) return history;
        EXPECT_TRUE(walk.step()) << walk.failure();
    }
}

// What the child does: the same calls, slower behind `last`; `done` is how many have returned.
template <class Fs>
[[noreturn]] void replay(int file, std::uint64_t last, std::atomic<std::uint64_t>& done) {
    FileDevice device{file};
    std::vector<std::byte> memory = memory_of<Fs>();
    Fs fs{device, memory};
    Reference reference;
    if (!fs.mount()) _exit(2);
    RandomCalls walk{fs, reference, seed, features()};
    for (std::uint64_t i = 1; i <= calls; ++i) {
        if (i > last) device.slow_down();
        if (!walk.step()) _exit(3);
        done.store(i);
    }
    _exit(0);
}

struct Shared {
    Shared()
        : count{static_cast<std::atomic<std::uint64_t>*>(
              mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))} {}
    ~Shared() { munmap(count, 4096); }
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;
    std::atomic<std::uint64_t>* count;
};

// Runs a child until so many calls have returned, and somewhat longer; how many had when it ended.
template <class Fs>
std::uint64_t run_child(int file, const History& history, std::uint64_t last,
                        std::chrono::microseconds longer) {
    EXPECT_EQ(pwrite(file, history.image.data(), history.image.size(), 0),
              static_cast<ssize_t>(history.image.size()));
    Shared shared;
    shared.count->store(0);
    const pid_t child = fork();
    if (child == 0) replay<Fs>(file, last, *shared.count);
    int status = 0;
    pid_t ended = 0;
    while (shared.count->load() < last && ended == 0) ended = waitpid(child, &status, WNOHANG);
    if (ended == 0) {
        std::this_thread::sleep_for(longer);
        kill(child, SIGKILL);
        ended = waitpid(child, &status, 0);
    }
    EXPECT_EQ(ended, child);
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << WEXITSTATUS(status);
    return shared.count->load();
}

template <class Fs>
void judge(int file, const History& history, std::uint64_t done) {
    FileDevice device{file};
    std::vector<std::byte> memory = memory_of<Fs>();
    Fs fs{device, memory};
    ASSERT_TRUE(fs.mount());
    const auto picture = take_picture(fs);
    ASSERT_TRUE(picture);
    const std::uint64_t found = digest(*picture);
    bool there = false;
    for (std::uint64_t i = history.durable[done]; i <= std::min(done + 1, calls); ++i) {
        there |= history.digests[i] == found;
    }
    EXPECT_TRUE(there) << "not what was there after any call from " << history.durable[done]
                       << " to " << done + 1;
    ASSERT_TRUE(fs.unmount());
    EXPECT_EQ(problems_on<Fs>(device, memory), "");
}

template <class Fs>
class Kill : public testing::Test {};
TYPED_TEST_SUITE(Kill, Kinds, KindNames);

TYPED_TEST(Kill, AKilledProcessLosesNothingDurable) {
    const History history = expected<TypeParam>();
    const sim::host::file::TemporaryFolder folder;
    const int file = open(folder.file("disk").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ASSERT_GE(file, 0);
    const auto kills = static_cast<int>(effort(20, 200));
    int midway = 0;
    for (int i = 0; i < kills; ++i) {
        const std::uint64_t last = calls * static_cast<std::uint64_t>(i) / kills;
        const std::uint64_t done =
            run_child<TypeParam>(file, history, last, std::chrono::microseconds{i * 37 % 300});
        midway += done > 0 && done < calls ? 1 : 0;
        judge<TypeParam>(file, history, done);
    }
    close(file);
    EXPECT_GT(midway, kills / 4) << "hardly any child was killed midway";
}

}  // namespace
}  // namespace tests::fs_durable
