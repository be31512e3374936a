// What disks do wrong, site by site, seen through the driver.
#include <map>

#include "sim/machine/director.hpp"
#include "tests/unit/disk/disk_machine.hpp"

namespace tests::disk {
namespace {

using kernel::machine::Site;

// Answers at a site's n-th asking, from 1.
class Script : public sim::machine::Director {
public:
    Script(Site site, std::uint64_t at, std::uint64_t value)
        : site_{site}, at_{at}, value_{value} {}

    void begins(const sim::machine::MachineView&) override {}
    sim::machine::Interference after_event(std::uint32_t, const kernel::abi::Event&,
                                           kernel::abi::Instant) override {
        return {};
    }
    void stalls(std::uint32_t) override {}
    void reached(kernel::machine::Probe) override {}
    std::uint64_t disturb(std::uint32_t, Site site) override {
        return site == site_ && ++asked_ == at_ ? value_ : 0;
    }
    [[nodiscard]] std::uint64_t asked() const { return asked_; }

private:
    Site site_;
    std::uint64_t at_, value_;
    std::uint64_t asked_ = 0;
};

TEST(Fault, an_error_is_one_requests) {
    Script script{Site::disk_error, 2, 1};
    EXPECT_EQ(with_disk({blank(16)}, [](Kernel& kernel) {
        EXPECT_EQ(kernel.run(Op::write, 0, 1, 0), Status::ok);
        EXPECT_EQ(kernel.run(Op::write, 0, 1, 0), Status::io_error);
        EXPECT_EQ(kernel.run(Op::write, 0, 1, 0), Status::ok);
    }, &script), "");
}

TEST(Fault, a_latent_error_stays_until_the_block_is_written) {
    Script script{Site::disk_latent, 2, 1};
    EXPECT_EQ(with_disk({blank(16)}, [](Kernel& kernel) {
        EXPECT_EQ(kernel.run(Op::read, 5, 1, 0), Status::ok);
        EXPECT_EQ(kernel.run(Op::read, 5, 1, 0), Status::io_error);
        EXPECT_EQ(kernel.run(Op::read, 4, 3, 0), Status::io_error);
        EXPECT_EQ(kernel.run(Op::read, 6, 1, 0), Status::ok);
        EXPECT_EQ(kernel.run(Op::write, 5, 1, 0), Status::ok);
        EXPECT_EQ(kernel.run(Op::read, 5, 1, 0), Status::ok);
    }, &script), "");
}

TEST(Fault, a_late_request_lets_others_pass) {
    Script script{Site::disk_late, 1, 3};
    EXPECT_EQ(with_disk({blank(16)}, [](Kernel& kernel) {
        kernel.fill(0, 7);
        EXPECT_TRUE(kernel.disk.submit(kernel.request(Op::read, 0, 1, 0, 1)));
        EXPECT_TRUE(kernel.disk.submit(kernel.request(Op::read, 1, 1, 1, 2)));
        EXPECT_EQ(kernel.wait()->tag, 2);
        EXPECT_TRUE(kernel.filled(0, 7)) << "nothing is read early";
        const auto done = kernel.wait();
        ASSERT_TRUE(done.has_value());
        EXPECT_EQ(done->tag, 1);
        EXPECT_EQ(done->status, Status::ok);
        EXPECT_TRUE(kernel.filled(0, 0));
    }, &script), "");
}

TEST(Fault, a_stopped_device_does_nothing_late) {
    Script script{Site::disk_late, 1, 1};
    EXPECT_EQ(with_disk({blank(16)}, [](Kernel& kernel) {
        kernel.fill(0, 7);
        EXPECT_TRUE(kernel.disk.submit(kernel.request(Op::read, 0, 1, 0, 1)));
        kernel.disk.stop();
        ASSERT_TRUE(kernel.start().has_value());
        EXPECT_EQ(kernel.run(Op::read, 1, 1, 1), Status::ok);
        EXPECT_TRUE(kernel.filled(0, 7)) << "its page is someone else's by now";
    }, &script), "");
}

TEST(Fault, a_bit_rots_for_good) {
    Script script{Site::disk_rot, 1, 8 * 4096 + 11};
    EXPECT_EQ(with_disk({blank(16)}, [](Kernel& kernel) {
        for (int again = 0; again < 2; ++again) {
            EXPECT_EQ(kernel.run(Op::read, 3, 1, 0), Status::ok);
            EXPECT_EQ(kernel.view(0)[1], std::byte{8});
            kernel.view(0)[1] = std::byte{0};
            EXPECT_TRUE(kernel.filled(0, 0));
        }
    }, &script), "");
}

TEST(Fault, a_write_goes_elsewhere) {
    Script script{Site::disk_misdirected, 1, 5};
    EXPECT_EQ(with_disk({blank(16)}, [](Kernel& kernel) {
        kernel.fill(0, 1);
        EXPECT_EQ(kernel.run(Op::write, 14, 1, 0), Status::ok);
        EXPECT_EQ(kernel.run(Op::read, 14, 1, 1), Status::ok);
        EXPECT_TRUE(kernel.filled(1, 0));
        EXPECT_EQ(kernel.run(Op::read, (14 + 5) % 16, 1, 1), Status::ok);
        EXPECT_TRUE(kernel.filled(1, 1));
    }, &script), "");
}

TEST(Fault, power_tears_a_block) {
    DiskSpec disk = blank(16);
    disk.lose_unflushed = true;
    Script script{Site::disk_torn, 2, 3};
    EXPECT_EQ(with_disk({disk}, [](Kernel& kernel) {
        kernel.fill(0, 1);
        EXPECT_EQ(kernel.run(Op::write_fua, 0, 1, 0), Status::ok);
        for (std::uint64_t block = 1; block < 4; ++block) {
            EXPECT_EQ(kernel.run(Op::write, block, 1, 0), Status::ok);
        }
    }, &script), "");
    EXPECT_EQ(script.asked(), 3u) << "of each block that was not flushed";
    EXPECT_EQ(with_disk({disk}, [](Kernel& kernel) {
        EXPECT_EQ(kernel.run(Op::read, 0, 4, 0), Status::ok);
        EXPECT_TRUE(kernel.filled(0, 1));
        EXPECT_TRUE(kernel.filled(1, 0));
        EXPECT_EQ(kernel.view(2)[3 * 512 - 1], std::byte{1});
        EXPECT_EQ(kernel.view(2)[3 * 512], std::byte{0});
        EXPECT_TRUE(kernel.filled(3, 0));
    }), "");
}

}  // namespace
}  // namespace tests::disk
