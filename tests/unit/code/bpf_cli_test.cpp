// `chitin bpf`, as people and the conformance suite's runner use it.
#include <nlohmann/json.hpp>

#include "tests/scenario/cli_fixture.hpp"
#include "tests/unit/code/programs.hpp"

namespace tests::code {
namespace {

class BpfCliTest : public scenario::CliTest {
protected:
    // The command with `input` as its standard input.
    scenario::Ran fed(const std::string& input, const std::string& words) {
        const std::string path = file("input");
        std::ofstream{path} << input;
        return run({"sh", "-c", std::string{CHITIN_TOOL} + " bpf " + words + " <" + path});
    }
    static constexpr const char* first_byte = "71100000000000009500000000000000";
};

// Tests of the suite as its runner calls plugins, memory as the first argument: every fourth, since
// each starts a process (all of them run in CodeInterpreter and CodeJit).
TEST_F(BpfCliTest, PluginConvention) {
    std::ifstream vectors{data_path("vectors.tsv")};
    if (!vectors) GTEST_SKIP() << "skipped: no data";
    std::size_t passed = 0;
    std::size_t seen = 0;
    for (std::string line; std::getline(vectors, line);) {
        const auto fields = fields_of(line, '\t');
        if (++seen % 4 != 0 && fields[0] != "callx") continue;
        const std::string memory = fields[3] == "-" ? "" : fields[3];
        const char* const how = passed % 2 == 0 ? " --jit" : " --interpret";
        const auto ran = fed(fields[4], "run '" + memory + "'" + how);
        if (fields[0] == "callx") {
            EXPECT_EQ(ran.status, 1) << ran.output;
            continue;
        }
        EXPECT_EQ(ran.status, 0) << fields[0];
        EXPECT_EQ("r0=" + ran.output, fields[5] + "\n") << fields[0];
        ++passed;
    }
    EXPECT_GT(passed, 0u);
}

TEST_F(BpfCliTest, RunInEveryWay) {
    for (const char* how : {"", "--jit", "--interpret", "--unverified"}) {
        EXPECT_EQ(fed(first_byte, std::string{"run - -m 'a5 00' "} + how).output, "0xa5\n") << how;
    }
    const auto json = nlohmann::json::parse(
        fed("720100000700000071100000000000009500000000000000", "run 01 --json --jit").output);
    EXPECT_EQ(json["r0"], "0x7");
    EXPECT_EQ(json["memory"], "07");
    EXPECT_EQ(json["steps_max"], 3);
    EXPECT_EQ(fed(first_byte, "run").status, 1);
    EXPECT_EQ(fed(first_byte, "run --unverified").status, 1);
    EXPECT_EQ(fed("0500ffff00000000", "run --unverified --steps 100").status, 1);
}

TEST_F(BpfCliTest, VerifyAndDisassemble) {
    EXPECT_EQ(fed(first_byte, "verify").status, 1);
    const auto accepted = fed(first_byte, "verify - --length 1..9");
    EXPECT_EQ(accepted.status, 0);
    EXPECT_EQ(accepted.output, "accepted: at most 2 instructions a run, 512 bytes of stack\n");
    const auto json = nlohmann::json::parse(fed(first_byte, "verify --json").output);
    EXPECT_EQ(json["accepted"], false);
    EXPECT_EQ(json["instruction"], 0);
    EXPECT_NE(fed(first_byte, "disasm").output.find("r0 = *(u8 *)(r1 + 0)"), std::string::npos);
}

TEST_F(BpfCliTest, BadInputIsNamed) {
    const auto complaint = [this](const std::string& input, const std::string& words) {
        const auto ran = fed(input, words + " 2>&1 >/dev/null");
        EXPECT_EQ(ran.status, 2) << words;
        return ran.output;
    };
    const auto names = [](const std::string& text, const char* what) {
        EXPECT_NE(text.find(what), std::string::npos) << text;
    };
    names(complaint("xyz", "run"), "multiple of 8");
    names(complaint("", "run"), "no instructions");
    names(complaint("950", "run"), "character 4");
    names(complaint(first_byte, "run - 0g"), "character 2");
    names(complaint(first_byte, "run - aa --memory bb"), "given twice");
    names(complaint(first_byte, "run /nonexistent/file"), "No such file");
    names(complaint(first_byte, "verify --length 9..1"), "MIN at most MAX");
    names(complaint(first_byte, "verify --length lots"), "\"lots\"");
    names(complaint(first_byte, "verify --section x"), "ELF object");
    names(complaint("\177ELF", "verify"), "64-bit little-endian ELF object for BPF");
}

}  // namespace
}  // namespace tests::code
