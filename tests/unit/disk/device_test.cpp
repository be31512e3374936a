// The model against a driver that is wrong: it complains, and neither crashes nor hangs.
#include <random>

#include "sim/machine/disk/virtio_blk_model.hpp"
#include "tests/unit/disk/disk_machine.hpp"

namespace tests::disk {
namespace {

using kernel::machine::Register;
using kernel::machine::Width;
using kernel::machine::Window;
using sim::machine::disk::Dma;
using sim::machine::disk::FaultyMedium;
using sim::machine::disk::VirtioBlkModel;
using sim::machine::disk::WriteCache;

constexpr std::uint64_t first = 16 << 20;
constexpr std::uint64_t descriptors = first, available = first + 4096, used = first + 8192;

class Device : public ::testing::Test {
protected:
    void common(Width width, std::uint32_t offset, std::uint32_t value) {
        model.write({0, Window::common, width, offset}, value);
    }
    std::uint32_t status() { return model.read({0, Window::common, Width::bits_8, 0x14}); }
    void notify() { model.write({0, Window::notify, Width::bits_16, 0}, 0); }
    bool broken() { return (status() & 64) != 0; }

    void settle_features() {
        common(Width::bits_8, 0x14, 1);
        common(Width::bits_8, 0x14, 3);
        common(Width::bits_32, 0x08, 1);
        common(Width::bits_32, 0x0c, 1);
        common(Width::bits_8, 0x14, 11);
    }
    void enable_queue(std::uint32_t size = 8) {
        common(Width::bits_16, 0x18, size);
        common(Width::bits_32, 0x20, descriptors);
        common(Width::bits_32, 0x28, available);
        common(Width::bits_32, 0x30, used);
        common(Width::bits_16, 0x1c, 1);
    }
    void start() {
        settle_features();
        enable_queue();
        common(Width::bits_8, 0x14, 15);
        ASSERT_EQ(problem, "");
    }

    // Descriptor `slot`, and the ring's next entry.
    void describe(std::uint32_t slot, std::uint64_t address, std::uint32_t bytes,
                  std::uint16_t flags, std::uint16_t next) {
        dma.store(descriptors + slot * 16, address);
        dma.store(descriptors + slot * 16 + 8, bytes);
        dma.store(descriptors + slot * 16 + 12, flags);
        dma.store(descriptors + slot * 16 + 14, next);
    }
    void offer(std::uint16_t slot) {
        dma.store(available + 4 + offered % 8 * 2, slot);
        dma.store(available + 2, ++offered);
    }
    // Header, one page, status, in descriptors 0 to 2.
    void describe_request(std::uint32_t type, std::uint64_t sector, std::uint32_t bytes,
                          std::uint16_t direction) {
        dma.store(header, type);
        dma.store(header + 8, sector);
        describe(0, header, 16, 1, 1);
        describe(1, page, bytes, static_cast<std::uint16_t>(1 | direction), 2);
        describe(2, header + 16, 1, 2, 0);
    }
    int answer() { return static_cast<int>(*dma.load<std::uint8_t>(header + 16)); }
    std::uint16_t used_index() { return *dma.load<std::uint16_t>(used + 2); }

    static constexpr std::uint64_t header = first + 3 * 4096, page = first + 4 * 4096;

    std::vector<std::byte> ram = std::vector<std::byte>(16 * 4096);
    std::string problem;
    Dma dma{ram, first, problem};
    VirtioBlkModel model{
        0, FaultyMedium{WriteCache{std::make_shared<OverlayImage>(4)}, [](auto) { return 0; }},
        dma};
    std::uint16_t offered = 0;
};

TEST_F(Device, serves_a_good_request) {
    start();
    describe_request(1, 8, 4096, 0);
    offer(0);
    notify();
    EXPECT_EQ(answer(), 0);
    EXPECT_EQ(used_index(), 1);
    describe_request(0, 8, 4096, 2);
    offer(0);
    notify();
    EXPECT_EQ(answer(), 0);
    EXPECT_EQ(used_index(), 2);
    EXPECT_EQ(*dma.load<std::uint32_t>(used + 4 + 8 + 4), 4097u) << "bytes written";
    EXPECT_EQ(problem, "");
}

TEST_F(Device, refuses_parts_of_blocks_and_what_it_does_not_know) {
    start();
    describe_request(0, 1, 4096, 2);
    offer(0);
    notify();
    EXPECT_EQ(answer(), 1);
    describe_request(0, 0, 512, 2);
    offer(0);
    notify();
    EXPECT_EQ(answer(), 1);
    describe_request(8, 0, 4096, 2);
    offer(0);
    notify();
    EXPECT_EQ(answer(), 2);
    EXPECT_EQ(problem, "") << "errors of requests, not of the device";
}

TEST_F(Device, needs_its_features_settled_before_it_starts) {
    common(Width::bits_8, 0x14, 1);
    common(Width::bits_8, 0x14, 7);
    EXPECT_TRUE(broken());
    EXPECT_NE(problem.find("before its features were settled"), std::string::npos) << problem;
    common(Width::bits_8, 0x14, 0);
    EXPECT_EQ(status(), 0u) << "a reset helps";
}

TEST_F(Device, accepts_no_feature_that_it_did_not_offer) {
    common(Width::bits_32, 0x08, 0);
    common(Width::bits_32, 0x0c, 1u << 5);
    settle_features();
    EXPECT_EQ(status() & 8, 0u);
}

TEST_F(Device, a_queue_must_be_aligned_in_memory_and_of_a_size) {
    settle_features();
    common(Width::bits_16, 0x18, 0);
    EXPECT_TRUE(broken());
    common(Width::bits_8, 0x14, 0);
    common(Width::bits_16, 0x18, 3);
    EXPECT_TRUE(broken());
    common(Width::bits_8, 0x14, 0);
    common(Width::bits_32, 0x20, 8);
    common(Width::bits_16, 0x1c, 1);
    EXPECT_TRUE(broken());
    common(Width::bits_8, 0x14, 0);
    common(Width::bits_16, 0x1c, 1);  // at address 0
    EXPECT_TRUE(broken());
}

TEST_F(Device, a_register_has_one_width) {
    model.read({0, Window::common, Width::bits_32, 0x14});
    EXPECT_NE(problem.find("no register is read like this (window 0, offset 20, 4 bytes wide)"),
              std::string::npos)
        << problem;
}

TEST_F(Device, is_not_notified_before_it_starts) {
    notify();
    EXPECT_TRUE(broken());
}

TEST_F(Device, a_chain_without_an_end_is_refused) {
    start();
    describe(0, header, 16, 1, 1);
    describe(1, page, 4096, 1, 0);
    offer(0);
    notify();
    EXPECT_TRUE(broken());
    EXPECT_EQ(problem, "disk 0: a chain of descriptors has no end");
}

TEST_F(Device, refuses_what_no_driver_may_do) {
    const auto refused = [this](auto prepare) {
        common(Width::bits_8, 0x14, 0);
        problem.clear();
        std::ranges::fill(ram, std::byte{0});
        offered = 0;
        start();
        describe_request(0, 0, 4096, 2);
        prepare();
        notify();
        return broken() && !problem.empty() && used_index() == 0;
    };
    EXPECT_FALSE(refused([&] { offer(0); })) << "nothing wrong";
    EXPECT_TRUE(refused([&] { offer(8); }));
    EXPECT_TRUE(refused([&] { dma.store(available + 2, std::uint16_t{9}); }));
    EXPECT_TRUE(refused([&] { describe(1, page, 4096, 3, 8), offer(0); }));
    EXPECT_TRUE(refused([&] { describe(1, first - 1, 4096, 3, 2), offer(0); }));
    EXPECT_TRUE(refused([&] { describe(1, ~0ull, 4096, 3, 2), offer(0); }));
    EXPECT_TRUE(refused([&] { describe(1, page, 0xffff'ffff, 3, 2), offer(0); }));
    EXPECT_TRUE(refused([&] { describe(2, header + 16, 1, 0, 0), offer(0); }));
    EXPECT_TRUE(refused([&] { describe(0, header, 15, 1, 1), offer(0); }));
    EXPECT_TRUE(refused([&] { describe(0, header, 15, 4, 1), offer(0); })) << "indirect";
    EXPECT_TRUE(refused([&] { describe(0, descriptors, 16, 4, 1), offer(0); })) << "twice";
    EXPECT_TRUE(refused([&] { describe(0, header, 16, 0, 0), offer(0); })) << "header alone";
}

TEST_F(Device, a_read_must_be_given_memory_to_write_to) {
    start();
    describe_request(0, 0, 4096, 0);
    offer(0);
    notify();
    EXPECT_TRUE(broken());
    EXPECT_EQ(answer(), 1);
}

// Whatever is written anywhere: no crash and no hang; the sanitizers look on.
TEST_F(Device, noise_does_no_harm) {
    std::mt19937_64 random{1};
    constexpr std::uint32_t offsets[] = {0x00, 0x04, 0x08, 0x0c, 0x14, 0x16, 0x18,
                                         0x1c, 0x20, 0x28, 0x30};
    constexpr Width widths[] = {Width::bits_8, Width::bits_16, Width::bits_32};
    for (std::uint32_t round = 0; round < 300; ++round) {
        common(Width::bits_8, 0x14, 0);
        offered = 0;
        if (round % 4 != 0) {
            dma.store(available + 2, std::uint16_t{0});
            settle_features();
            enable_queue();
            common(Width::bits_8, 0x14, 15);
        }
        for (std::uint32_t step = 0; step < 50; ++step) {
            const std::uint64_t draw = random();
            describe(static_cast<std::uint32_t>(draw % 8), first + random() % (17 * 4096),
                     static_cast<std::uint32_t>(random() % 5 * 1024),
                     static_cast<std::uint16_t>(random() % 8),
                     static_cast<std::uint16_t>(random() % 9));
            offer(static_cast<std::uint16_t>(random() % 9));
            if (draw >> 8 & 1) notify();
            if ((draw >> 9) % 16 == 0) {
                common(widths[random() % 3], offsets[random() % 11],
                       static_cast<std::uint32_t>(random() % 20 == 0 ? random() : first));
            }
        }
    }
    EXPECT_NE(problem, "");
}

}  // namespace
}  // namespace tests::disk
