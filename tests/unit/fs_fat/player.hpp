// The player: random calls to a FAT volume and to the model, which must agree.
#pragma once

#include <random>
#include <set>

#include "tests/unit/fs_fat/disk.hpp"
#include "tests/unit/fs_fat/model.hpp"

namespace tests::fs_fat {

/// The policies below it.
struct PlayerChoices {
    choice::CacheChoices cache{};
    choice::Index allocation = Fat::Options{}.allocation;
};

class Player {
public:
    Player(MemoryDevice& device, std::uint64_t seed, std::uint32_t slots = 32,
           const PlayerChoices& choices = {});

    /// One random call. False: it met an error of the device, and nothing is known any more.
    bool step();
    /// All of the tree, by walking it.
    void compare();
    /// Unmounts, looks for damage, mounts, compares.
    void remount();
    /// After an error of the device: mounts anew, and believes what is there.
    void recover();
    void mount();
    void unmount();
    /// No characters of two units from now on: mtools knows none.
    void leave_out_pairs() { one_unit_ = true; }
    /// The volume should hold this.
    void expect(const ModelPointer& root) { root_ = root; }

    [[nodiscard]] Fat& fat() { return mounted_->fat; }
    [[nodiscard]] const ModelPointer& root() const { return root_; }
    [[nodiscard]] std::size_t refusals() const { return refusals_; }

private:
    struct Held {
        Inode inode;
        ModelPointer file;
    };
    using Outcome = std::uint32_t;  // 0, or the error's number

    std::uint64_t draw(std::uint64_t below) { return random_() % below; }
    Name any_name();
    Held any_directory();
    std::optional<Held> any_file();
    Held held(const ModelPointer& file, Inode inode) { return {inode, file}; }
    void agree(Outcome mine, Outcome theirs, const char* what);
    bool no_room(Outcome theirs, std::uint64_t free_before);
    void adopt(Inode inode, const ModelPointer& file);
    void compare(Inode inode, const ModelPointer& file);

    Outcome make(bool directory);
    Outcome remove(bool directory);
    Outcome rename();
    Outcome write();
    Outcome truncate();
    Outcome read();
    Outcome open_or_close();
    Outcome look_up();

    MemoryDevice& device_;
    std::uint32_t slots_;
    PlayerChoices choices_;
    std::mt19937_64 random_;
    std::optional<Mounted> mounted_;
    ModelPointer root_;
    std::vector<Held> open_;
    std::map<const ModelFile*, Inode> inodes_;  // numbers seen since the mount: they must stay
    std::size_t refusals_ = 0;
    bool one_unit_ = false;
};

}  // namespace tests::fs_fat
