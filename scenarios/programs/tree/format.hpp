// What the parts of program shared_tree agree on: the types of the tree, and what data look like.
//
//   root (list)
//   | directory ---- file ---- data ...     keeper: an inode each file, as old Unix file systems
//   | log ------------------- data ...      logger: runs of blocks, the oldest given up first
//   | list ...                              enemy
//
// The kernel knows none of this. Each data block says whose it is, so that whoever reads one that
// was never written, or that was another's, sees it.
#pragma once

#include "libos/disk/ownership.hpp"
#include "libos/disk/tree.hpp"
#include "libos/rt/program.hpp"
#include "libos/rt/spawn.hpp"

namespace scenarios::tree {

using kernel::abi::BlockLook;
using kernel::abi::BlockState;
using kernel::abi::Owned;
using kernel::abi::page_size;
using libos::disk::BlockIo;
using libos::disk::DiskOp;
using libos::rt::Environment;
using libos::rt::Rights;
using libos::rt::Slot;
using libos::rt::Status;
namespace abi = kernel::abi;
namespace calls = libos::rt::calls;
namespace owns = libos::disk::owns;

enum class Part : std::uint64_t { root, keeper, logger, enemy };

enum Type : std::uint32_t { data, list, directory, file, log };

constexpr std::uint32_t list_entries = 64;

struct DirectoryEntry {
    char name[56];
    std::uint32_t file;  // 0: none
    std::uint32_t blocks;
};
constexpr std::uint32_t directory_entries = page_size / sizeof(DirectoryEntry);

struct File {
    std::uint64_t number;
    std::uint64_t reserved[7];
    std::uint32_t blocks[256];
};

constexpr std::uint32_t log_runs = 4;
constexpr std::uint32_t log_magic = 0x676f6c;
struct Log {
    std::uint32_t magic;
    std::uint32_t rounds;  // how many runs were ever in it
    std::uint64_t reserved;
    struct Run {
        std::uint32_t first, count;
    } runs[log_runs];
};

constexpr auto list_function = owns::entries(list_entries);
constexpr auto directory_function =
    owns::pointers(offsetof(DirectoryEntry, file), directory_entries, sizeof(DirectoryEntry), file);
constexpr auto file_function = owns::pointers(offsetof(File, blocks), 256, 4, data);
constexpr auto log_function = owns::runs(log_magic, log_runs);

// Each child finds these.
constexpr Slot slot_node = kernel::abi::slot_extent;  // its own part of the tree
constexpr Slot slot_other{6};                         // the keeper's part, to be read
constexpr Slot slot_token{7};                         // something, once it may go on

struct Stamp {
    std::uint64_t magic;
    std::uint32_t part, number, index, block;
};
constexpr std::uint64_t stamp_magic = 0x706d617473;

inline void stamp(BlockIo& io, std::uint32_t page, const Stamp& what) {
    auto* const words = io.as<std::uint32_t>(page);
    for (std::uint32_t i = 0; i < page_size / 4; ++i) words[i] = what.block * 7 + i;
    *io.as<Stamp>(page) = what;
}
inline Stamp stamp_of(Part part, std::uint32_t number, std::uint32_t index, std::uint32_t block) {
    return {stamp_magic, static_cast<std::uint32_t>(part), number, index, block};
}
inline bool stamped(const BlockIo& io, std::uint32_t page, const Stamp& what) {
    const auto* const words = io.as<std::uint32_t>(page);
    for (std::uint32_t i = sizeof(Stamp) / 4; i < page_size / 4; ++i) {
        if (words[i] != what.block * 7 + i) return false;
    }
    return __builtin_memcmp(words, &what, sizeof what) == 0;
}

// Sleeps between looks for what another environment is to do. That one may have ended, for its
// disk's sake say: who waits for nothing ends too. So many looks, and no span of time: a slow core
// is slow for both.
class Patience {
public:
    Patience(Environment& env, std::string_view what, std::uint32_t looks = 10'000)
        : env_{env}, what_{what}, left_{looks} {}

    void pause(std::uint64_t span_ns = 50'000) {
        if (left_-- == 0) env_.panic("waited in vain for ", what_);
        static_cast<void>(calls::park(kernel::abi::Instant{env_.now().value + span_ns}));
    }

private:
    Environment& env_;
    std::string_view what_;
    std::uint32_t left_;
};
// Until its creator has put something there.
inline void await(Environment& env, Slot slot) {
    Patience patience{env, "a capability"};
    while (env.must(calls::cap_identify(slot), "looking").type == libos::rt::CapType::none) {
        patience.pause();
    }
}
inline std::uint32_t argument(Environment& env, std::string_view name) {
    return static_cast<std::uint32_t>(env.arguments().integer(name));
}

// What was asked of the kernel and did not end as it should is said, and counted.
class Checks {
public:
    explicit Checks(Environment& env) : env_{env} {}

    void expect(std::string_view what, std::uint64_t expected, std::uint64_t got) {
        ++checks_;
        if (expected == got) return;
        ++failures_;
        env_.say("tree: ", what, ": expected ", expected, ", got ", got);
    }
    void expect(std::string_view what, Status expected, Status got) {
        ++checks_;
        if (expected == got) return;
        ++failures_;
        env_.say("tree: ", what, ": expected ", libos::rt::status_name(expected), ", got ",
                 libos::rt::status_name(got));
    }
    template <class T>
    void expect(std::string_view what, Status expected, const libos::rt::Result<T>& got) {
        expect(what, expected, got.has_value() ? Status::ok : got.error());
    }
    std::uint64_t checks() const { return checks_; }
    std::uint64_t failures() const { return failures_; }

private:
    Environment& env_;
    std::uint64_t checks_ = 0;
    std::uint64_t failures_ = 0;
};

}  // namespace scenarios::tree
