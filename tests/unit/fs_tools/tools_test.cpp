// chitin mkfs, fsck, ls and cp, as a person uses them.
#include <nlohmann/json.hpp>

#include "tests/unit/fs_tools/shell.hpp"

namespace tests::fs_tools {
namespace {

TEST_F(Shell, FilesGoInAndComeOutTheSame) {
    const Ran ran = run(R"sh(set -e
        mkdir -p in/sub/deep && head -c 300000 /dev/urandom > in/sub/deep/file
        echo text > "in/a long name äöü.txt" && touch in/empty && chmod 444 in/empty
        touch -d '2020-02-29 12:34:56 UTC' in/empty
        chitin mkfs fat a.img --size 8M --label LABEL
        chitin cp -r in a.img:/
        chitin cp -r a.img:/in out && diff -r in out
        chitin mkfs fat32 b.img --size 40M
        chitin cp -r a.img:/in/sub a.img:/in/empty b.img:/
        chitin cp b.img:/sub/deep/file back && cmp back in/sub/deep/file
        chitin fsck a.img && chitin fsck b.img
        test "$(stat -c '%Y %a' out/empty)" = "1582979696 444"
    )sh");
    EXPECT_EQ(ran.status, 0) << ran.output;
}

TEST_F(Shell, OurFormatsKeepAllThatAFileIs) {
    for (const std::string format : {"cofs", "log"}) {
        const Ran ran = run("set -e; rm -rf in out a.img; f=" + format + R"sh(
            mkdir -p in/sub && head -c 300000 /dev/urandom > in/sub/file && ln -s sub/file in/soft
            echo text > in/small && chmod 640 in/small
            touch -d '2020-02-29 12:34:56 UTC' in/small
            chitin mkfs $f a.img --size 8M && chitin cp -r in a.img:/ && chitin fsck a.img
            chitin cp -r a.img:/in out && diff -r in out && chitin ls -lR a.img > list
            test "$(stat -c '%Y %a' out/small)" = "1582979696 640"
            dd if=/dev/urandom of=a.img bs=4096 seek=10 count=100 conv=notrunc status=none
            if chitin fsck a.img > found; then exit 20; fi)sh");
        EXPECT_EQ(ran.status, 0) << format << ": " << ran.output;
    }
}

TEST_F(Shell, ListsForPeopleAndForPrograms) {
    const Ran ran = run(R"(set -e
        chitin mkfs fat a.img --size 2M > made
        mkdir d && echo hello > d/file && chmod 644 d/file
        touch -d '2021-03-04 05:06:08 UTC' d/file
        chitin cp -r d a.img:/
        chitin ls a.img && chitin ls -lR a.img:/d)");
    ASSERT_EQ(ran.status, 0) << ran.output;
    EXPECT_EQ(ran.output, "d\n/d:\n-rw-r--r--   1     0     0            6 "
                          "2021-03-04 05:06:08 file\n");
    const Ran json = run("chitin mkfs fat b.img --size 2M > made && echo hello > file && "
                         "chitin cp file b.img:/ && chitin ls --json b.img");
    ASSERT_EQ(json.status, 0) << json.output;
    const auto list = nlohmann::json::parse(json.output);
    ASSERT_EQ(list.size(), 1u);
    EXPECT_EQ(list[0]["path"], "/file");
    EXPECT_EQ(list[0]["size"], 6);
    EXPECT_EQ(list[0]["kind"], "file");
}

TEST_F(Shell, DamageIsFoundAndRepaired) {
    const Ran ran = run(R"(
        chitin mkfs fat16 a.img --size 8M > made && head -c 100000 /dev/urandom > file
        chitin cp file a.img:/
        dd if=/dev/urandom of=a.img bs=512 seek=8 count=2 conv=notrunc status=none
        chitin fsck a.img > found; test $? = 1 || exit 10
        cmp -s a.img a.img || exit 11
        chitin fsck --json a.img > found.json; test $? = 1 || exit 12
        chitin fsck --repair a.img > repaired || exit 13
        chitin fsck a.img || exit 14
        fsck.fat -n a.img > theirs || exit 15
        cat found.json)");
    ASSERT_EQ(ran.status, 0) << ran.output;
    const std::size_t at = ran.output.rfind("\n{") + 1;
    const auto found = nlohmann::json::parse(ran.output.substr(at));
    EXPECT_GT(found["found"], 0);
    EXPECT_EQ(found["repaired"], 0);
    EXPECT_EQ(found["findings"].size(), found["found"]);
}

struct Wrong {
    const char* script;
    int status;
    const char* says;
};

// One sentence that names the place, and nothing lost.
TEST_F(Shell, WrongUseIsOneSentence) {
    const Wrong all[] = {
        {"chitin mkfs ext9 a.img --size 1M", 2, "unknown file system \"ext9\"; known: fat"},
        {"chitin mkfs fat a.img", 2, "a.img: does not exist; give --size"},
        {"chitin mkfs fat a.img --size 1X", 2, "--size \"1X\": expected bytes"},
        {"chitin mkfs fat a.img --size 4K", 2, "a.img: too small for a FAT volume"},
        {"chitin mkfs fat32 a.img --size 1M && exit 50 || test -e a.img && exit 51 || exit 2", 2,
         "no fat32 volume has this size"},
        {"echo precious > p; chitin mkfs fat p; s=$?; cat p; exit $s", 2,
         "p: exists; give --force"},
        {"chitin fsck none.img", 2, "none.img: cannot open: No such file"},
        {"head -c 9999 /dev/zero > z; chitin fsck z", 2, "z: no file system that is known"},
        {"chitin ls .", 2, ".: expected an image"},
        {"chitin cp only", 2, "expected SOURCE... DESTINATION"},
        {"chitin cp none.img:/x y", 2, "none.img: cannot open"},
        {"chitin mkfs fat a.img --size 1M > m; chitin ls a.img:/no/where", 1,
         "a.img:/no/where: No such file or directory"},
        {"chitin mkfs fat a.img --size 1M > m; chitin cp nofile a.img:/", 1,
         "nofile: No such file or directory"},
        {"chitin mkfs fat a.img --size 1M > m; head -c 2000000 /dev/zero > z; "
         "chitin cp z a.img:/; s=$?; chitin fsck a.img > f || exit 52; exit $s",
         1, "a.img:/z: No space left on device"},
        {"chitin mkfs fat a.img --size 1M > m; ln -s x l; chitin cp -r l a.img:/", 1,
         "a.img:/l: The file system has no word for it"},
        {"chitin mkfs fat a.img --size 1M > m; flock a.img sleep 3 & sleep 1; chitin ls a.img", 2,
         "a.img: in use by another process"},
        {"chitin mount a.img nowhere", 2, "nowhere: expected a directory"},
        {"mkdir d; chitin mount -o suid a.img d", 2, "-o suid: expected ro, rw"},
        {"mkdir -p d; chitin mount -o ro,cleaner= a.img d", 2, "-o cleaner=: expected"},
        {"mkdir d; chitin mount a.img d", 2, "a.img: cannot open"},
        {"mkdir d; chitin mkfs cofs a.img --size 8M > m; chitin mount -o commit=three a.img d", 2,
         "no commit \"three\"; expected one of: two-flushes, one-flush"},
        {"mkdir d; chitin mkfs fat a.img --size 8M > m; chitin mount -o commit=one-flush a.img d",
         2, "only cofs has two ways to commit"},
    };
    for (const Wrong& wrong : all) {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
        const Ran ran = run(wrong.script);
        EXPECT_EQ(ran.status, wrong.status) << wrong.script << "\n" << ran.output;
        EXPECT_NE(ran.output.find(wrong.says), std::string::npos)
            << wrong.script << "\n" << ran.output;
    }
}

}  // namespace
}  // namespace tests::fs_tools
