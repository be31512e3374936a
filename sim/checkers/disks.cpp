#include "sim/checkers/disks.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "kernel/disk/disk.hpp"
#include "kernel/machine/boot_info.hpp"
#include "sim/checkers/phrase.hpp"

namespace sim::checkers {

namespace {

using kernel::abi::CachedBlock;
using kernel::abi::DiskInfo;
using kernel::abi::ExtentRecord;
using kernel::abi::ExtentTable;
using kernel::abi::FrameNumber;
using kernel::abi::page_size;
using kernel::disk::Disk;
using kernel::disk::Queue;
using kernel::disk::Served;

struct Broken {
    std::string what;
};

#define CHECKED(holds, what) ((holds) ? static_cast<void>(0) : throw Broken{(what).text()})

class DiskParts {
public:
    DiskParts(std::span<const std::byte> pool, FrameNumber object)
        : pool_{pool}, object_{object}, which_{"disk " + number(object.value)} {}

    void verify() const {
        check_table();
        check_requests();
        check_registry();
    }

private:
    // `page`: of the object's frames.
    template <class T>
    const T& at(std::uint32_t page) const {
        const std::uint64_t frame = object_.value + page - kernel::machine::pool_first.value;
        CHECKED((frame * page_size) + sizeof(T) <= pool_.size(), which_ + ": it is not all there");
        return *reinterpret_cast<const T*>(pool_.data() + frame * page_size);
    }
    const DiskInfo& info() const { return at<DiskInfo>(0); }

    void check_table() const {
        const auto& table = at<ExtentTable>(1);
        CHECKED(table.count <= kernel::abi::extents_max, which_ + ": too many extents");
        std::uint64_t behind = 0;
        for (std::uint32_t i = 0; i < table.count; ++i) {
            const ExtentRecord& record = table.records[i];
            CHECKED(record.count > 0 && record.first >= behind, which_ + ": extents overlap");
            behind = std::uint64_t{record.first} + record.count;
        }
        CHECKED(behind <= info().blocks, which_ + ": an extent lies behind its end");
    }

    void check_requests() const {
        const auto& disk = at<Disk>(kernel::abi::info_disk_pages);
        CHECKED(info().in_service <= disk.service.channels(),
                which_ + ": it serves more requests than it has channels");
        std::uint32_t waiting = 0;
        for (std::uint32_t id = 0; id < std::size(disk.queues); ++id) {
            const Queue& queue = disk.queues[id];
            const Phrase ring = which_ + ": the ring of environment " + number(id);
            CHECKED(queue.env.value != 0 || queue.submitted == 0,
                    ring + " is nobody's and has requests");
            CHECKED(queue.unanswered() <= kernel::abi::disk_requests_max,
                    ring + " has more requests than fit");
            const std::uint32_t taken = queue.taken - queue.completed;
            CHECKED(taken <= queue.unanswered(), ring + ": more was taken than submitted");
            CHECKED(served_of(disk, id) <= taken, ring + ": a request is served and not taken");
            waiting += queue.submitted - queue.taken;
        }
        CHECKED(waiting == info().waiting, which_ + ": " + number(waiting) +
                                               " requests wait, counted as " +
                                               number(info().waiting));
    }

    std::uint32_t served_of(const Disk& disk, std::uint32_t id) const {
        return static_cast<std::uint32_t>(
            std::count_if(disk.served, disk.served + info().in_service, [&](const Served& one) {
                return one.id.value == id && one.number == disk.queues[id].number;
            }));
    }

    void check_registry() const {
        const auto& registry = at<kernel::abi::Registry>(1 + kernel::abi::extent_table_pages);
        std::map<std::pair<std::uint32_t, std::uint32_t>, std::set<std::uint32_t>> blocks;
        for (const CachedBlock& entry : registry.entries) {
            if (entry.frame.value == 0) continue;
            CHECKED(entry.block < info().blocks, which_ + ": a block that it has not is cached");
            auto& own = blocks[{entry.env.value, entry.serial}];
            CHECKED(own.insert(entry.block).second,
                    which_ + ": block " + number(entry.block) + " is cached twice by environment " +
                        number(entry.env.value));
            CHECKED(own.size() <= kernel::abi::registry_own_max,
                    which_ + ": too many of its blocks are cached by environment " +
                        number(entry.env.value));
        }
    }

    std::span<const std::byte> pool_;
    FrameNumber object_;
    Phrase which_;
};

}  // namespace

std::string verify_disk(std::span<const std::byte> pool, FrameNumber object) {
    try {
        DiskParts{pool, object}.verify();
    } catch (const Broken& broken) {
        return broken.what;
    }
    return {};
}

}  // namespace sim::checkers
