// The virtio driver against the model: what is written is read, and what cannot be is an error.
#include <set>

#include "tests/unit/disk/disk_machine.hpp"

namespace tests::disk {
namespace {

TEST(Driver, says_how_many_blocks_there_are) {
    EXPECT_EQ(on_machine({blank(77)}, [](Core& core, const BootInfo& boot) {
        Kernel kernel{core, boot};
        const auto info = kernel.start();
        ASSERT_TRUE(info.has_value());
        EXPECT_EQ(info->blocks, 77u);
    }), "");
}

TEST(Driver, reads_what_it_wrote) {
    EXPECT_EQ(with_disk({blank(64)}, [](Kernel& kernel) {
        for (std::uint32_t i = 0; i < 8; ++i) kernel.fill(i, static_cast<int>(i + 1));
        EXPECT_EQ(kernel.run(Op::write, 10, 8, 0), Status::ok);
        EXPECT_EQ(kernel.run(Op::read, 8, 8, 16), Status::ok);
        for (std::uint32_t i = 0; i < 8; ++i) {
            EXPECT_TRUE(kernel.filled(16 + i, i < 2 ? 0 : static_cast<int>(i - 1))) << i;
        }
        EXPECT_TRUE(kernel.filled(24, 0)) << "read further than asked";
    }), "");
}

TEST(Driver, takes_as_many_as_its_depth_and_no_more) {
    EXPECT_EQ(with_disk({blank(64)}, [](Kernel& kernel) {
        std::set<std::uint16_t> tags;
        for (std::uint16_t tag = 0; tag < kernel::drivers::depth; ++tag) {
            kernel.fill(tag, tag);
            EXPECT_TRUE(kernel.disk.submit(kernel.request(Op::write, tag, 1, tag, tag)));
            tags.insert(tag);
        }
        EXPECT_EQ(kernel.disk.in_flight(), kernel::drivers::depth);
        EXPECT_FALSE(kernel.disk.submit(kernel.request(Op::read, 0, 1, 100)));
        while (const auto done = kernel.disk.poll()) {
            EXPECT_EQ(done->status, Status::ok);
            EXPECT_EQ(tags.erase(done->tag), 1u);
        }
        EXPECT_TRUE(tags.empty());
        EXPECT_EQ(kernel.disk.in_flight(), 0u);
        EXPECT_EQ(kernel.run(Op::read, 31, 1, 100), Status::ok);
        EXPECT_TRUE(kernel.filled(100, 31));
    }), "");
}

TEST(Driver, goes_round_its_rings) {
    EXPECT_EQ(with_disk({blank(16)}, [](Kernel& kernel) {
        for (std::uint32_t i = 0; i < 70'000; ++i) {  // more than an index has
            ASSERT_EQ(kernel.run(Op::write, i % 16, 1, i % 5), Status::ok) << i;
        }
    }), "");
}

TEST(Driver, a_block_beyond_the_disk_is_an_error_of_the_device) {
    EXPECT_EQ(with_disk({blank(16)}, [](Kernel& kernel) {
        EXPECT_EQ(kernel.run(Op::read, 15, 1, 0), Status::ok);
        EXPECT_EQ(kernel.run(Op::read, 15, 2, 0), Status::io_error);
        EXPECT_EQ(kernel.run(Op::write, 16, 1, 0), Status::io_error);
        EXPECT_EQ(kernel.run(Op::write, ~std::uint64_t{0} >> 4, 1, 0), Status::io_error);
        EXPECT_EQ(kernel.run(Op::read, 0, 1, 0), Status::ok) << "it goes on";
    }), "");
}

TEST(Driver, only_what_was_flushed_survives_a_power_failure) {
    DiskSpec disk = blank(16);
    disk.lose_unflushed = true;
    EXPECT_EQ(with_disk({disk}, [](Kernel& kernel) {
        for (std::uint32_t i = 0; i < 4; ++i) kernel.fill(i, static_cast<int>(i + 1));
        EXPECT_EQ(kernel.run(Op::write, 0, 1, 0), Status::ok);
        EXPECT_EQ(kernel.run(Op::flush, 0, 0, 0), Status::ok);
        EXPECT_EQ(kernel.run(Op::write, 1, 1, 1), Status::ok);
        EXPECT_EQ(kernel.run(Op::write_fua, 2, 1, 2), Status::ok);
        EXPECT_EQ(kernel.run(Op::write, 3, 1, 3), Status::ok);
        EXPECT_EQ(kernel.run(Op::read, 3, 1, 8), Status::ok);
        EXPECT_TRUE(kernel.filled(8, 4)) << "the cache is read";
    }), "");
    EXPECT_EQ(with_disk({disk}, [](Kernel& kernel) {
        EXPECT_EQ(kernel.run(Op::read, 0, 4, 0), Status::ok);
        EXPECT_TRUE(kernel.filled(0, 1));
        EXPECT_TRUE(kernel.filled(2, 3));
        EXPECT_TRUE(kernel.filled(3, 0)) << "it was not flushed";
    }), "");
}

TEST(Driver, two_disks_are_two) {
    EXPECT_EQ(on_machine({blank(16), blank(32)}, [](Core& core, const BootInfo& boot) {
        Kernel first{core, boot}, second{core, boot};
        ASSERT_EQ(first.start(0)->blocks, 16u);
        ASSERT_EQ(second.start(1)->blocks, 32u);
        first.fill(0, 1);
        first.fill(1, 2);
        EXPECT_EQ(first.run(Op::write, 3, 1, 0), Status::ok);
        EXPECT_EQ(second.run(Op::write, 3, 1, 1), Status::ok);
        EXPECT_EQ(first.run(Op::read, 3, 1, 2), Status::ok);
        EXPECT_TRUE(first.filled(2, 1));
    }), "");
}

TEST(Driver, stopped_it_takes_nothing_and_starts_anew) {
    EXPECT_EQ(with_disk({blank(16)}, [](Kernel& kernel) {
        kernel.fill(0, 9);
        EXPECT_TRUE(kernel.disk.submit(kernel.request(Op::write, 0, 1, 0)));
        kernel.disk.stop();
        EXPECT_EQ(kernel.disk.in_flight(), 0u);
        EXPECT_FALSE(kernel.disk.poll().has_value());
        EXPECT_FALSE(kernel.disk.submit(kernel.request(Op::write, 0, 1, 0)));
        ASSERT_TRUE(kernel.start().has_value());
        EXPECT_EQ(kernel.run(Op::write, 1, 1, 0), Status::ok);
    }), "");
}

TEST(Driver, a_page_outside_of_memory_kills_the_device_and_is_told) {
    const std::string error = with_disk({blank(16)}, [](Kernel& kernel) {
        Request wild = kernel.request(Op::read, 0, 2, 0, 7);
        wild.pages[1] = PhysAddr{std::uint64_t{1} << 50};
        EXPECT_TRUE(kernel.disk.submit(kernel.request(Op::read, 0, 1, 4, 6)));
        EXPECT_TRUE(kernel.disk.submit(wild));
        EXPECT_EQ(kernel.wait()->tag, 6);
        const auto done = kernel.wait();
        ASSERT_TRUE(done.has_value());
        EXPECT_EQ(done->tag, 7);
        EXPECT_EQ(done->status, Status::io_error);
        EXPECT_FALSE(kernel.disk.submit(kernel.request(Op::read, 0, 1, 4))) << "it is dead";
    });
    EXPECT_NE(error.find("disk 0: a descriptor names memory that is not there"), std::string::npos)
        << error;
}

TEST(Driver, a_disk_that_is_missing_is_said_before_the_start) {
    kernel::abi::CellRecord cell{};
    cell.pool_frames = 512;
    cell.cores = 1;
    cell.disk_count = 2;
    sim::machine::MachineSpec spec{.bundle = {}, .cell = cell, .cell_index = 0, .programs = {},
                                   .options = {}};
    spec.options.disks = {blank(16)};
    const auto machine = sim::machine::Machine::create(std::move(spec));
    ASSERT_FALSE(machine.has_value());
    EXPECT_EQ(machine.error(), "the cell has 2 disks, the machine was given 1");
}

}  // namespace
}  // namespace tests::disk
