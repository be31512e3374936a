// Images: overlays leave their file alone, and files are checked before they are disks.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "sim/host/file/temporary_folder.hpp"
#include "tests/unit/disk/disk_machine.hpp"

namespace tests::disk {
namespace {

using sim::machine::disk::FileImage;

class ImageFileTest : public ::testing::Test {
protected:
    void SetUp() override {
        std::ofstream{path, std::ios::binary} << std::string(8192, 'a');
    }

    std::string contents() const {
        std::ifstream file{path, std::ios::binary};
        return {std::istreambuf_iterator<char>{file}, {}};
    }
    // Writes block 1 through a machine.
    std::string write_block(DiskSpec disk) {
        return with_disk({std::move(disk)}, [](Kernel& kernel) {
            EXPECT_EQ(kernel.run(Op::read, 0, 1, 0), Status::ok);
            EXPECT_TRUE(kernel.filled(0, 'a'));
            kernel.fill(0, 'b');
            EXPECT_EQ(kernel.run(Op::write, 1, 1, 0), Status::ok);
            EXPECT_EQ(kernel.run(Op::read, 1, 1, 1), Status::ok);
            EXPECT_TRUE(kernel.filled(1, 'b'));
        });
    }

    sim::host::file::TemporaryFolder folder;
    std::string path = folder.file("disk");
};

TEST(TemporaryFolderTest, where_none_can_be_made_no_file_has_a_path) {
    const char* const before = std::getenv("TMPDIR");
    const std::string kept = before != nullptr ? before : "";
    setenv("TMPDIR", "/nonexistent", 1);
    const sim::host::file::TemporaryFolder folder;
    before != nullptr ? setenv("TMPDIR", kept.c_str(), 1) : unsetenv("TMPDIR");
    EXPECT_FALSE(folder.valid());
    EXPECT_EQ(folder.file("name"), "");
}

TEST(TemporaryFolderTest, nobody_else_has_its_name_and_it_goes_with_its_files) {
    std::filesystem::path path;
    {
        const sim::host::file::TemporaryFolder folder;
        const sim::host::file::TemporaryFolder other;
        EXPECT_NE(folder.path(), other.path());
        path = folder.path();
        std::ofstream{folder.file("name")} << "x";
        EXPECT_TRUE(std::filesystem::exists(path / "name"));
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ImageFileTest, an_overlay_never_changes_its_file) {
    auto image = OverlayImage::over(path);
    ASSERT_TRUE(image) << image.error();
    EXPECT_EQ(write_block({std::move(*image)}), "");
    EXPECT_EQ(contents(), std::string(8192, 'a'));
}

TEST_F(ImageFileTest, a_kept_disk_is_written_to_its_file) {
    auto image = FileImage::open(path);
    ASSERT_TRUE(image) << image.error();
    EXPECT_EQ(write_block({std::move(*image)}), "");
    EXPECT_EQ(contents(), std::string(4096, 'a') + std::string(4096, 'b'));
}

TEST_F(ImageFileTest, a_file_that_is_no_disk_is_refused_by_name) {
    std::ofstream{path, std::ios::binary} << std::string(5000, 'a');
    const auto image = OverlayImage::over(path);
    ASSERT_FALSE(image);
    EXPECT_EQ(image.error(), path + " has 5000 bytes: expected a multiple of 4096");
    const auto missing = FileImage::open(path + "_missing");
    ASSERT_FALSE(missing);
    EXPECT_NE(missing.error().find("_missing"), std::string::npos);
}

}  // namespace
}  // namespace tests::disk
