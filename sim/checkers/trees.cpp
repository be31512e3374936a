#include "sim/checkers/trees.hpp"

#include <vector>

#include "kernel/disk/disk.hpp"
#include "kernel/disk/tree/tree.hpp"
#include "kernel/machine/boot_info.hpp"
#include "sim/checkers/phrase.hpp"

namespace sim::checkers {

namespace {

using kernel::abi::BlockState;
using kernel::abi::ExtentRecord;
using kernel::abi::ExtentTable;
using kernel::abi::FrameInfo;
using kernel::abi::FrameNumber;
using kernel::abi::FrameState;
using kernel::abi::page_size;
using kernel::abi::SystemInfo;
using kernel::disk::tree::Block;
using kernel::disk::tree::Tree;

constexpr std::uint32_t env_info_pages =
    kernel::abi::environments_max * sizeof(kernel::abi::EnvInfo) / page_size;

struct Broken {
    std::string what;
};

#define CHECKED(holds, what) ((holds) ? static_cast<void>(0) : throw Broken{(what).text()})

class Trees {
public:
    explicit Trees(std::span<const std::byte> pool) : pool_{pool} {}

    void verify() {
        const FrameNumber first = kernel::machine::pool_first;
        const auto& system = at<SystemInfo>(first);
        const auto* frames = &at<FrameInfo>(FrameNumber{first.value + 2 + env_info_pages});
        for (std::uint32_t i = system.kernel_frames; i < system.pool_frames; ++i) {
            const FrameNumber name{first.value + i};
            if (frames[i].state == FrameState::tree && frames[i].owner == name) check_tree(name);
        }
    }

private:
    template <class T>
    const T& at(FrameNumber name) const {
        const std::uint32_t distance = name.value - kernel::machine::pool_first.value;
        return *reinterpret_cast<const T*>(pool_.data() + std::uint64_t{distance} * page_size);
    }

    void check_extent(FrameNumber object, const Tree& tree, const Phrase& which) const {
        const auto& table = at<ExtentTable>(FrameNumber{tree.base.disk.value + 1});
        for (std::uint32_t i = 0; i < table.count; ++i) {
            const ExtentRecord& record = table.records[i];
            if (record.first != tree.base.first) continue;
            CHECKED(record.tree == object, which + ": its extent does not know it");
            CHECKED(record.caps == 0, which + ": an extent capability lies in it");
            CHECKED(record.count == tree.blocks, which + ": it is not as large as its extent");
            return;
        }
        CHECKED(false, which + ": it lies in no extent");
    }

    void check_list(const Block* blocks, std::uint32_t parent, std::uint32_t count,
                    const Phrase& which) {
        for (std::uint32_t i = blocks[parent].child; i != 0; i = blocks[i].next) {
            const Phrase block = which + ": block " + number(i);
            CHECKED(i < count, block + " is not there");
            CHECKED(!listed_[i], block + " has two owners");
            CHECKED(blocks[i].state == BlockState::owned, block + " is listed and not owned");
            CHECKED(blocks[i].parent == parent, block + " does not know its owner");
            listed_[i] = true;
        }
    }

    void check_tree(FrameNumber object) {
        const auto& tree = at<Tree>(object);
        const Phrase which = "tree " + number(object.value);
        const auto* blocks = &at<Block>(kernel::disk::tree::blocks_frame(object));
        check_extent(object, tree, which);
        listed_.assign(tree.blocks, false);
        for (std::uint32_t i = 1; i < tree.blocks; ++i) {
            CHECKED(blocks[i].type < tree.types, which + ": block " + number(i) + " is marked");
            check_list(blocks, i, tree.blocks, which);
        }
        const auto& disk = at<kernel::disk::Disk>(
            FrameNumber{tree.base.disk.value + kernel::abi::info_disk_pages});
        for (std::uint32_t i = kernel::abi::tree_first_block; i < tree.blocks; ++i) {
            const bool owned = blocks[i].state == BlockState::owned;
            CHECKED(listed_[i] == owned, which + ": block " + number(i) + " is owned by nobody");
            CHECKED(!owned || blocks[i].epoch < disk.epoch,
                    which + ": block " + number(i) + " is owned and was not durable");
        }
    }

    std::span<const std::byte> pool_;
    std::vector<bool> listed_;
};

}  // namespace

std::string verify_trees(std::span<const std::byte> pool) {
    try {
        Trees{pool}.verify();
    } catch (const Broken& broken) {
        return broken.what;
    }
    return {};
}

}  // namespace sim::checkers
