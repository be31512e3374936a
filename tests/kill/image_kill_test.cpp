// kill -9 of QEMU at random moments. Its drives use the host's cache (writeback, QEMU's default
// for what is kept): what the guest flushed is flushed on the host too.
#include <filesystem>

#include "sim/testbed/boot/qemu.hpp"
#include "sim/testbed/bundle.hpp"
#include "sim/testbed/disks/cell_disks.hpp"
#include "tests/kill/kill_fixture.hpp"

namespace tests::kill {
namespace {

namespace boot = sim::testbed::boot;

class ImageKill : public KillTest {
protected:
    void SetUp() override {
        KillTest::SetUp();
        const char* const given = std::getenv("CHITIN_IMAGE");
        kernel_ = given != nullptr ? given : CHITIN_IMAGE_DEFAULT;
        if (!std::filesystem::exists(kernel_)) GTEST_SKIP() << "skipped: no image " << kernel_;
        if (!sim::host::child::program_exists("qemu-system-x86_64")) {
            GTEST_SKIP() << "skipped: no QEMU";
        }
    }

    [[nodiscard]] std::vector<sim::testbed::ProgramFile> programs() const {
        std::vector<sim::testbed::ProgramFile> all;
        for (const std::string name : {"init", "persist"}) {
            std::ifstream file{std::filesystem::path{kernel_}.parent_path() / "programs" /
                                   (name + ".elf"),
                               std::ios::binary};
            const std::vector<char> bytes{std::istreambuf_iterator<char>{file}, {}};
            const auto* const first = reinterpret_cast<const std::byte*>(bytes.data());
            all.push_back({name, {first, first + bytes.size()}});
        }
        return all;
    }

    // The result lines of a machine that is killed `longer` seconds after it has a volume.
    std::vector<std::string> lines_until_killed(const std::string& device, int seed,
                                                double longer) {
        const auto scenario = workload(seed, device);
        const std::uint32_t chosen[] = {0};
        const auto files = programs();
        const auto bundle = sim::testbed::make_bundle(scenario, chosen, {.programs = files});
        EXPECT_TRUE(bundle) << bundle.error();
        boot::BareOptions options;
        options.image = kernel_;
        options.disks = bare_disks(scenario.cells[0].machine,
                                   sim::testbed::disks::Keeping::as_said);
        auto qemu = boot::Qemu::start(*bundle, {0, 1}, options);
        EXPECT_TRUE(qemu) << qemu.error();
        if (!qemu) return {};
        return read_and_kill((*qemu)->child(), longer);
    }

private:
    static std::vector<std::string> read_and_kill(sim::host::child::Child& child, double longer) {
        using sim::host::child::seconds_now;
        constexpr double seconds_max = 120;
        boot::ProtocolReader reader{[](sim::engine::CellResult) {}};
        std::string text;
        double end = seconds_now() + seconds_max;
        bool seen = false;
        while (!child.ended()) {
            sim::host::child::Child* one[] = {&child};
            wait_any(one, 5);
            text += child.read_output();
            if (!seen && text.find("volume") != std::string::npos) {
                seen = true;
                end = seconds_now() + longer;
            }
            if (seconds_now() >= end) child.kill();
        }
        EXPECT_TRUE(seen) << "it never had a volume: " << text << child.errors();
        EXPECT_EQ(child.wait(), 128 + 9);
        // The last line may be cut.
        reader.feed(text.substr(0, text.rfind('\n') + 1));
        EXPECT_EQ(reader.malformed(), "");
        std::vector<std::string> lines;
        for (const auto& env : reader.take_open().envs) {
            lines.insert(lines.end(), env.results.begin(), env.results.end());
        }
        return lines;
    }

    std::string kernel_;
};
INSTANTIATE_TEST_SUITE_P(FileSystems, ImageKill, testing::Values("cofs", "log", "fat"),
                         [](const auto& info) { return std::string{info.param}; });

TEST_P(ImageKill, LosesNothingThatWasPersisted) {
    for (const std::string device : {"virtio", "nvme"}) {
        Kills kills;
        // Both devices together as many as asked for.
        for (int i = 0; i < (this->kills() + 1) / 2 && !HasFailure(); ++i) {
            blank();
            const double longer = static_cast<double>(random_() % 1500) / 1000;
            judge(lines_until_killed(device, i + 1, longer), kills);
        }
        say(device.c_str(), kills);
    }
}

}  // namespace
}  // namespace tests::kill
