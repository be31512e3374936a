#include "kernel/bare/x86_64/selftest_disk.hpp"

#include <cstring>

#include "kernel/bare/x86_64/console.hpp"
#include "kernel/bare/x86_64/cores.hpp"
#include "kernel/bare/x86_64/panic.hpp"
#include "kernel/drivers/disk.hpp"

namespace kernel::bare {
namespace {

using drivers::Op;
using drivers::Request;

constexpr std::uint32_t blocks_each = 8, batches = 4;
constexpr std::uint32_t pages_first = machine::disk_frames_each;  // behind the driver's

class Tester {
public:
    Tester(machine::Core& core, std::uint32_t number) : core_{core}, number_{number} {}

    void run() {
        std::memset(view(0), 0, pages_first * abi::page_size);
        const auto info =
            disk_.probe(core_, number_, abi::FrameNumber{machine::pool_first.value});
        if (!info) panic("selftest: a disk does not start");
        blocks_ = info->blocks;
        const std::uint64_t sum = first_block();
        write_all();
        read_all();
        expect(one(Op::flush, 0, 0), true);
        expect(one(Op::write_fua, blocks_ - 1, 1), true);
        expect(one(Op::read, blocks_, 1), false);
        expect(one(Op::read, 0, 1), true);
        disk_.stop();
        report(sum);
    }

private:
    std::byte* view(std::uint32_t page) const {
        return core_.view(page_address(page));
    }
    static abi::PhysAddr page_address(std::uint32_t page) {
        return abi::address_of(abi::FrameNumber{machine::pool_first.value + page});
    }
    std::uint8_t pattern(std::uint32_t block) const {
        return static_cast<std::uint8_t>((block + number_) % 251);
    }
    // The page of a block of the test.
    static std::uint32_t page_of(std::uint32_t block) { return pages_first + block; }

    static void expect(bool is, bool wanted) {
        if (is != wanted) panic("selftest: a disk's request ended otherwise than it should");
    }

    void submit(Op op, std::uint32_t block, std::uint32_t count) {
        Request request{.op = op, .tag = static_cast<std::uint16_t>(block), .count = count,
                        .block = block, .pages = {}};
        for (std::uint32_t i = 0; i < count; ++i) {
            request.pages[i] = page_address(page_of((block + i) % (batches * blocks_each + 1)));
        }
        if (!disk_.submit(request)) panic("selftest: a disk has no room");
        ++requests_;
    }

    bool wait() {
        for (std::uint32_t polls = 0; polls < drivers::polls_max; ++polls) {
            if (const auto done = disk_.poll()) return done->status == abi::Status::ok;
        }
        panic("selftest: a disk does not answer");
    }

    bool one(Op op, std::uint32_t block, std::uint32_t count) {
        submit(op, block, count);
        return wait();
    }

    std::uint64_t first_block() {
        expect(one(Op::read, 0, 1), true);
        std::uint64_t sum = 0;
        for (std::uint32_t i = 0; i < abi::page_size; ++i) {
            sum += static_cast<std::uint8_t>(view(page_of(0))[i]);
        }
        return sum;
    }

    // Block 1 on, `batches` at once.
    void all_at_once(Op op) {
        for (std::uint32_t i = 0; i < batches; ++i) submit(op, 1 + i * blocks_each, blocks_each);
        for (std::uint32_t i = 0; i < batches; ++i) expect(wait(), true);
    }

    void write_all() {
        for (std::uint32_t block = 1; block <= batches * blocks_each; ++block) {
            std::memset(view(page_of(block)), pattern(block), abi::page_size);
        }
        all_at_once(Op::write);
        std::memset(view(page_of(1)), 0xff, batches * blocks_each * abi::page_size);
    }

    void read_all() {
        all_at_once(Op::read);
        for (std::uint32_t block = 1; block <= batches * blocks_each; ++block) {
            for (std::uint32_t i = 0; i < abi::page_size; ++i) {
                if (static_cast<std::uint8_t>(view(page_of(block))[i]) != pattern(block)) {
                    panic("selftest: a disk gave back something else");
                }
            }
        }
    }

    void report(std::uint64_t sum) const {
        put("selftest: disk ");
        put_decimal(number_);
        put(": ");
        put_decimal(blocks_);
        put(" blocks, the first sums to ");
        put_decimal(sum);
        put(", ");
        put_decimal(requests_);
        put(" requests well\n");
    }

    machine::Core& core_;
    std::uint32_t number_;
    drivers::Disk disk_{};
    std::uint32_t blocks_ = 0;
    std::uint32_t requests_ = 0;
};

}  // namespace

void selftest_disk(const abi::CellRecord& cell) {
    for (std::uint32_t i = 0; i < cell.disk_count; ++i) Tester{this_core(), i}.run();
}

}  // namespace kernel::bare
