// The image as a whole: it boots by all three ways, stays small, and fails in good order.
#include <gtest/gtest.h>

#include <elf.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/host/child/child.hpp"
#include "sim/host/file/temporary_folder.hpp"
#include "sim/testbed/boot/bundle_part.hpp"
#include "sim/testbed/boot/iso.hpp"
#include "sim/testbed/boot/run_bare.hpp"
#include "tests/image/test_bundle.hpp"

namespace {

using namespace tests::image;
using sim::testbed::boot::BareOptions;
using sim::testbed::boot::run_bare;

constexpr std::uint64_t seed_that_exits_well = 0;

class Image : public ::testing::Test {
protected:
    void SetUp() override {
        if (!std::filesystem::exists(image_path())) GTEST_SKIP() << "no image: " << image_path();
        options.image = image_path();
    }

    std::vector<std::byte> bundle = make_bundle(
        {{.seed = seed_that_exits_well, .pool_frames = 512}, {.pool_frames = 2048}}, "wild",
        wild_program());
    BareOptions options;

    void expect_both_cells_well() {
        const auto results = run_bare(bundle, options);
        ASSERT_TRUE(results) << results.error();
        ASSERT_EQ(results->size(), 2u);
        for (const auto& cell : *results) {
            EXPECT_EQ(cell.error, "");
            EXPECT_EQ(cell.outcome.exit_code, 0u);
            EXPECT_EQ(cell.outcome.frames_lost, 0u);
            EXPECT_EQ(cell.envs.size(), 1u);
        }
    }

    // Runs one self-test and returns the first cell's error.
    std::string error_of(const std::string& selftest) {
        bundle = make_bundle({{.seed = seed_that_exits_well}}, "wild", wild_program());
        options.command_line = "selftest=" + selftest;
        const std::filesystem::path shipped{options.image};
        options.image = (shipped.parent_path() / "selftest.elf").string();
        const auto results = run_bare(bundle, options);
        if (!results) return results.error();
        return results->size() == 1 ? (*results)[0].error : "not one result";
    }
};

TEST_F(Image, BootsByPvh) { expect_both_cells_well(); }

TEST_F(Image, BootsOnTheOldestProcessorAndMachine) {
    options.cpu = "qemu64";
    options.machine = "pc";
    expect_both_cells_well();
}

TEST_F(Image, BootsFromAnIsoUnderBiosAndUefi) {
    const sim::host::file::TemporaryFolder folder;
    options.iso = folder.file("chitin.iso");
    const auto made = sim::testbed::boot::make_iso(options.image, bundle, options.iso);
    ASSERT_TRUE(made) << made.error();
    expect_both_cells_well();
    options.firmware = "/usr/share/OVMF/OVMF_CODE.fd";
    if (!std::filesystem::exists("/usr/share/ovmf/OVMF.fd")) GTEST_SKIP() << "no OVMF";
    options.firmware = "/usr/share/ovmf/OVMF.fd";
    expect_both_cells_well();
}

// The same image, written to a disk.
TEST_F(Image, BootsFromVirtioAndNvmeDisksUnderBiosAndUefi) {
    const sim::host::file::TemporaryFolder folder;
    options.iso = folder.file("chitin.iso");
    const auto made = sim::testbed::boot::make_iso(options.image, bundle, options.iso);
    ASSERT_TRUE(made) << made.error();
    for (const char* device : {"virtio", "nvme"}) {
        SCOPED_TRACE(device);
        options.iso_device = device;
        options.firmware = {};
        expect_both_cells_well();
        options.firmware = "/usr/share/ovmf/OVMF.fd";
        if (std::filesystem::exists(options.firmware)) expect_both_cells_well();
    }
}

TEST_F(Image, SeveralMachinesGiveTheSameAsOne) {
    std::vector<TestCell> cells(7);
    bundle = make_bundle(cells, "wild", wild_program());
    const auto one = run_bare(bundle, options);
    options.jobs = 2;
    const auto two = run_bare(bundle, options);
    ASSERT_TRUE(one && two);
    ASSERT_EQ(one->size(), cells.size());
    ASSERT_EQ(two->size(), cells.size());
    for (std::size_t i = 0; i < cells.size(); ++i) {
        EXPECT_EQ((*two)[i].cell, i);
        EXPECT_EQ((*one)[i].envs.at(0).info.history_hash,
                  (*two)[i].envs.at(0).info.history_hash);
        EXPECT_EQ((*one)[i].outcome.time_ns, (*two)[i].outcome.time_ns);
    }
}

TEST_F(Image, TextRodataAndDataStaySmall) {
    const auto bytes = read_file(options.image);
    ASSERT_GT(bytes.size(), sizeof(Elf64_Ehdr));
    Elf64_Ehdr elf;
    std::memcpy(&elf, bytes.data(), sizeof elf);
    std::vector<Elf64_Shdr> sections(elf.e_shnum);
    std::memcpy(sections.data(), bytes.data() + elf.e_shoff,
                sections.size() * sizeof(Elf64_Shdr));
    const char* names = reinterpret_cast<const char*>(bytes.data()) +
                        sections[elf.e_shstrndx].sh_offset;
    std::uint64_t total = 0;
    for (const Elf64_Shdr& section : sections) {
        const bool loaded = (section.sh_flags & SHF_ALLOC) != 0 && section.sh_type != SHT_NOBITS;
        const bool counted = loaded && std::strcmp(names + section.sh_name, ".symbols") != 0;
        total += counted ? section.sh_size : 0;
    }
    EXPECT_GT(total, 4096u);
    EXPECT_LE(total, 90112u);
}

TEST_F(Image, APanicNamesItsCallers) {
    const std::string error = error_of("panic");
    EXPECT_NE(error.find("the kernel panicked: selftest: a panic"), std::string::npos) << error;
    EXPECT_NE(error.find("kernel::bare::selftest+"), std::string::npos) << error;
    EXPECT_NE(error.find("chitin_start+"), std::string::npos) << error;
}

TEST_F(Image, AFailedAssertionNamesItsPlace) {
    const std::string error = error_of("assert");
    EXPECT_NE(error.find("assertion failed: kernel/bare/x86_64/selftest.cpp:"), std::string::npos)
        << error;
}

TEST_F(Image, AnOverflowOfTheKernelStackIsCaught) {
    const std::string error = error_of("stack");
    EXPECT_NE(error.find("double fault"), std::string::npos) << error;
    EXPECT_NE(error.find("overflow_stack"), std::string::npos) << error;
}

TEST_F(Image, NothingIsWritableAndExecutable) {
    const sim::host::file::TemporaryFolder folder;
    options.log = folder.file("log");
    EXPECT_EQ(error_of("wx"), "");
    std::stringstream log;
    log << std::ifstream{options.log}.rdbuf();
    EXPECT_NE(log.str().find(" 0 writable and executable"), std::string::npos) << log.str();
}

TEST_F(Image, SealedCodeCannotBeWritten) {
    const std::string error = error_of("sealed");
    EXPECT_NE(error.find("trap in the kernel: page fault"), std::string::npos) << error;
}

TEST_F(Image, TooLittleMemoryIsSaid) {
    options.memory_mib = 24;
    bundle = make_bundle({{.pool_frames = 4096}}, "wild", wild_program());
    const auto results = run_bare(bundle, options);
    ASSERT_TRUE(results && results->size() == 1);
    EXPECT_NE((*results)[0].error.find("not enough memory"), std::string::npos);
}

// Every program header field that could open a hole is refused at boot.
TEST_F(Image, AMalformedProgramIsRefused) {
    const auto with = [this](auto change) {
        std::vector<std::byte> program = wild_program();
        auto* elf = reinterpret_cast<Elf64_Ehdr*>(program.data());
        auto* segments = reinterpret_cast<Elf64_Phdr*>(program.data() + elf->e_phoff);
        change(*elf, segments[0], segments[1]);
        bundle = make_bundle({{}}, "wild", program);
        const auto results = run_bare(bundle, options);
        return results && results->size() == 1 &&
               (*results)[0].error.find("cannot be mapped") != std::string::npos;
    };
    using Ehdr = Elf64_Ehdr;
    using Phdr = Elf64_Phdr;
    EXPECT_TRUE(with([](Ehdr& elf, Phdr&, Phdr&) { elf.e_ident[0] = 0; }));
    EXPECT_TRUE(with([](Ehdr& elf, Phdr&, Phdr&) { elf.e_machine = EM_386; }));
    EXPECT_TRUE(with([](Ehdr& elf, Phdr&, Phdr&) { elf.e_phoff = ~0ull; }));
    EXPECT_TRUE(with([](Ehdr& elf, Phdr&, Phdr&) { elf.e_phnum = 0xffff; }));
    EXPECT_TRUE(with([](Ehdr& elf, Phdr&, Phdr&) { elf.e_entry = 0x1000; }));
    EXPECT_TRUE(with([](Ehdr&, Phdr& text, Phdr&) { text.p_flags |= PF_W; }));
    EXPECT_TRUE(with([](Ehdr&, Phdr& text, Phdr&) { text.p_memsz += 1; }));
    EXPECT_TRUE(with([](Ehdr&, Phdr& text, Phdr&) { text.p_offset = ~0ull << 12; }));
    EXPECT_TRUE(with([](Ehdr&, Phdr& text, Phdr&) { text.p_offset += 8; }));
    EXPECT_TRUE(with([](Ehdr&, Phdr& text, Phdr&) { text.p_vaddr += 8; }));
    EXPECT_TRUE(with([](Ehdr&, Phdr& text, Phdr&) { text.p_vaddr = 0xffffffff80100000; }));
    EXPECT_TRUE(with([](Ehdr&, Phdr& text, Phdr& rodata) { text.p_vaddr = rodata.p_vaddr; }));
}

TEST_F(Image, WhatIsMissingIsNamed) {
    options.image = "/nonexistent/chitin.elf";
    EXPECT_NE(run_bare(bundle, options).error().find("no such image"), std::string::npos);
    options.image = image_path();
    options.qemu = "qemu-system-none";
    EXPECT_NE(run_bare(bundle, options).error().find("apt-get install"), std::string::npos);
    options.qemu = BareOptions{}.qemu;
    bundle[0] = std::byte{0};
    EXPECT_NE(run_bare(bundle, options).error().find("magic"), std::string::npos);
}

TEST_F(Image, AnInterruptionKeepsWhatIsFinished) {
    std::vector<TestCell> cells(40);
    bundle = make_bundle(cells, "wild", wild_program());
    std::size_t finished = 0;
    options.on_cell = [&finished](const sim::engine::CellResult&) { ++finished; };
    options.interrupted = [&finished] { return finished > 0; };
    const auto results = run_bare(bundle, options);
    ASSERT_TRUE(results);
    EXPECT_EQ(results->size(), finished);
    EXPECT_GE(finished, 1u);
}

}  // namespace
