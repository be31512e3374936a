// `chitin ace` as a person or a script meets it, and cofs through the image tools.
#include <sstream>

#include <nlohmann/json.hpp>

#include "tests/scenario/cli_fixture.hpp"

namespace tests::scenario {
namespace {

const char* const renamed =
    "# two lines\n"
    "open foo O_RDWR|O_CREAT 0777 ; write foo 0 5000 ; fsync foo ; checkpoint 1\n"
    "mkdir A 0777 ; open foo O_RDWR|O_CREAT 0777 ; write foo 0 5000 ; sync ; checkpoint 1 ; "
    "rename foo Abar ; fsync A ; checkpoint 2\n";

TEST_F(CliTest, AceSaysHowManyLinesPassed) {
    const Ran ran = chitin({"ace", file("lines", renamed)});
    EXPECT_EQ(ran.status, 0);
    EXPECT_NE(ran.output.find("cofs: 2 of 2 lines passed"), std::string::npos) << ran.output;
}

// The failed line comes with the command that tries its crash alone.
TEST_F(CliTest, AceNamesWhatWasLostAndHowToSeeItAgain) {
    const std::string lines = file("lines", renamed);
    const Ran ran = chitin({"ace", lines, "--fs", "fat"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_NE(ran.output.find("line 3 failed"), std::string::npos) << ran.output;
    EXPECT_NE(ran.output.find("neither \"foo\" nor \"A/bar\""), std::string::npos) << ran.output;
    const std::string replay = "replay: ./chitin ";
    const auto at = ran.output.find(replay);
    ASSERT_NE(at, std::string::npos) << ran.output;
    std::istringstream words{ran.output.substr(at + replay.size(),
                                               ran.output.find('\n', at) - at - replay.size())};
    std::vector<std::string> arguments;
    for (std::string word; words >> word;) arguments.push_back(word);
    const Ran again = chitin(arguments);
    EXPECT_EQ(again.status, 1);
    EXPECT_NE(again.output.find("0 of 1 lines passed; 1 crash states"), std::string::npos)
        << again.output;
}

TEST_F(CliTest, AceJsonIsJsonLines) {
    const Ran ran = chitin({"ace", file("lines", renamed), "--json", "--ignore-flushes"});
    EXPECT_EQ(ran.status, 1);
    std::istringstream lines{ran.output};
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        EXPECT_TRUE(nlohmann::json::accept(line)) << line;
    }
    EXPECT_EQ(count, 3u);
}

TEST_F(CliTest, AceBadInputIsExitCode2) {
    EXPECT_EQ(chitin({"ace", file("absent")}).status, 2);
    EXPECT_EQ(chitin({"ace", file("bad", "jump foo\n")}).status, 2);
    EXPECT_EQ(chitin({"ace", file("lines", renamed), "--fs", "ext4"}).status, 2);
    EXPECT_EQ(chitin({"ace", file("lines", renamed), "--line", "1"}).status, 2);
    EXPECT_EQ(chitin({"ace", file("lines", renamed), "--line", "2", "--state", "99999"}).status,
              2);
    EXPECT_EQ(chitin({"ace"}).status, 2);
}

TEST_F(CliTest, CofsImagesAreMadeFilledAndChecked) {
    const std::string image = file("disk.img");
    ASSERT_EQ(chitin({"mkfs", "cofs", image, "--size", "16M"}).status, 0);
    const std::string libos = std::string{CHITIN_SOURCE} + "/libos/fs";
    ASSERT_EQ(chitin({"cp", "-r", libos, image + ":/"}).status, 0);
    EXPECT_NE(chitin({"ls", image + ":/fs/cofs"}).output.find("README.md"), std::string::npos);
    const Ran checked = chitin({"fsck", image});
    EXPECT_EQ(checked.status, 0);
    EXPECT_NE(checked.output.find("nothing wrong"), std::string::npos) << checked.output;
    ASSERT_EQ(chitin({"cp", "-r", image + ":/fs", file("out")}).status, 0);
    EXPECT_EQ(run({"diff", "-r", libos, file("out")}).status, 0);
}

}  // namespace
}  // namespace tests::scenario
