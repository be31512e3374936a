// chitin mount, where the host has FUSE: everyday commands in a mounted image, and what they leave.
#include "tests/unit/fs_tools/shell.hpp"

namespace tests::fs_tools {
namespace {

// Mounts a.img at here/ before `script`, ends the server after it; its own exit status counts too.
std::string mounted(const std::string& options, const std::string& script) {
    // A shell starts what is in the background deaf to SIGINT.
    return "mkdir -p here\nenv --default-signal=INT '" CHITIN_TOOL "' mount " + options +
           " a.img here > log 2>&1 & pid=$!\n" +
           R"(for i in $(seq 100); do grep -q 'is at here' log && break; sleep 0.1; done
              grep -q 'is at here' log || { cat log; kill $pid; exit 40; }
              ( set -e
           )" + script + R"(
              ) ; status=$?
              kill -INT $pid; wait $pid || { cat log; exit 41; }
              test $status = 0 || exit $status
           )";
}

class Mount : public Shell {
protected:
    void SetUp() override {
        Shell::SetUp();
        if (run(": <> /dev/fuse").status != 0) GTEST_SKIP() << "skipped: no /dev/fuse here";
    }
    void TearDown() override {
        (void)run("mountpoint -q here && umount -l here");
        Shell::TearDown();
    }
};

TEST_F(Mount, EverydayCommandsLeaveASoundVolume) {
    const Ran ran = run("set -e; chitin mkfs fat a.img --size 32M\n"
                        "mkdir -p tree/one/two && seq 20000 > tree/one/numbers\n"
                        "for i in $(seq 50); do echo $i > \"tree/one/two/file number $i\"; done\n"
                        "set +e\n" +
                        mounted("", R"(
        cp -r tree here/ && diff -r tree here/tree
        mkdir here/dir && mv here/tree/one/two here/dir/ && test -e 'here/dir/two/file number 7'
        dd if=/dev/urandom of=here/big bs=65536 count=40 status=none && cp here/big big
        cmp big here/big
        dd if=big of=here/big bs=1000 skip=3 seek=5 count=2 conv=notrunc status=none
        cp big big2
        dd if=big of=big2 bs=1000 skip=3 seek=5 count=2 conv=notrunc status=none
        cmp big2 here/big
        tar -cf here/t.tar tree && mkdir here/x && tar -xf here/t.tar -C here/x
        diff -r tree here/x/tree
        exec 5< here/big && rm here/big && cmp - big2 <&5 && exec 5<&-
        rm -r here/tree/one && test ! -e here/tree/one
        truncate -s 5000 here/t.tar && test $(stat -c %s here/t.tar) = 5000
        echo more >> here/dir/notes && echo again >> here/dir/notes && grep -c . here/dir/notes
        if ln -s a here/link; then exit 20; fi
        sync here/dir/notes
        )") + R"(
        set -e
        mountpoint -q here && exit 42
        chitin fsck a.img
        command -v fsck.fat > /dev/null && fsck.fat -n a.img
        chitin cp -r a.img:/x/tree out && diff -r tree out)");
    EXPECT_EQ(ran.status, 0) << ran.output;
}

// What FAT has no word for.
class MountOfOurs : public Mount, public testing::WithParamInterface<const char*> {};

TEST_P(MountOfOurs, LinksModesAndOwners) {
    const Ran ran = run("set -e; chitin mkfs " + std::string{GetParam()} +
                        " a.img --size 32M\n"
                        "mkdir -p tree/sub && seq 20000 > tree/sub/numbers && ln -s sub tree/up\n"
                        "ln -s ../up/numbers tree/sub/over && chmod 640 tree/sub/numbers\n"
                        "set +e\n" +
                        mounted("", R"sh(
        cp -a tree here/ && diff -r tree here/tree
        test "$(readlink here/tree/sub/over)" = ../up/numbers
        test "$(stat -c %a here/tree/sub/numbers)" = 640
        ln here/tree/sub/numbers here/second && test $(stat -c %h here/second) = 2
        cmp here/second tree/sub/numbers && rm here/tree/sub/numbers
        cmp here/second tree/sub/numbers && test $(stat -c %h here/second) = 1
        mv here/second here/tree/sub/numbers
        chmod 4755 here/tree && test $(stat -c %a here/tree) = 4755
        exec 5< here/tree/sub/numbers && rm here/tree/sub/numbers
        cmp - tree/sub/numbers <&5 && exec 5<&-
        )sh") + R"sh(
        set -e
        chitin fsck a.img
        cp tree/sub/numbers more && chitin cp more a.img:/tree/up/
        chitin cp a.img:/tree/sub/more back && cmp back more
        test "$(chitin ls -l a.img:/tree | grep -c -e '-> sub')" = 1)sh");
    EXPECT_EQ(ran.status, 0) << ran.output;
}

INSTANTIATE_TEST_SUITE_P(Formats, MountOfOurs, testing::Values("cofs", "log"),
                         [](const auto& info) { return std::string{info.param}; });

TEST_F(Mount, ReadOnlyChangesNothing) {
    const Ran ran = run("set -e; chitin mkfs fat a.img --size 4M; echo text > file\n"
                        "chitin cp file a.img:/; cp a.img before; set +e\n" +
                        mounted("-o ro", R"(
        cmp file here/file
        if echo more > here/file; then exit 20; fi
        if mkdir here/dir; then exit 21; fi
        )") + "cmp a.img before");
    EXPECT_EQ(ran.status, 0) << ran.output;
}

}  // namespace
}  // namespace tests::fs_tools
