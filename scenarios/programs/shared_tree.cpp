// shared_tree: libOSes that do not trust each other keep files in one tree of blocks.
//
// The root makes the tree (or finds it), gives a keeper, a logger and an enemy (this program
// again, told their part by their start argument) a part of it each, waits, closes the tree, opens
// it again and reads everything: each block must be what its owner says, and owned once. With
// `crash_after` keeper and logger end after so many requests: the next run, `phase=check`, finds
// what a power failure has left. Exit code 1: something was not as it must be.
#include "scenarios/programs/tree/enemy.hpp"
#include "scenarios/programs/tree/keepers.hpp"

namespace {

using namespace scenarios::tree;
using libos::rt::Child;
using libos::rt::ParameterKind;

constexpr libos::rt::Parameter parameters[] = {
    {"blocks", ParameterKind::integer, "512", "of the tree", 128, abi::tree_blocks_max},
    {"files", ParameterKind::integer, "24", "how many files, and runs of the log, are made", 1,
     100'000},
    {"hoard", ParameterKind::integer, "0", "blocks that the enemy reserves and never uses", 0,
     abi::tree_blocks_max},
    {"crash_after", ParameterKind::integer, "0",
     "requests after which keeper and logger end at once; 0: they do all", 0, 1'000'000},
    {"phase", ParameterKind::choice, "all", "make a tree and work in it, or only look at one", 0, 0,
     "all check"},
};

constexpr abi::ExtentName tree_name{0x65657274, 0};

struct Parts {
    std::uint32_t keeper, logger, enemy;
};

class Root {
public:
    explicit Root(Environment& env) : env_{env}, io_{env}, checks_{env} {}

    int run() {
        if (env_.arguments().text("phase") == "all") {
            make();
            open(true);
            work(parts());
            if (argument(env_, "crash_after") != 0) return 0;
            checks_.expect("what is left of who is gone", 0, reserved());
            libos::disk::drop_node(env_, node_);
        }
        open(false);
        check();
        libos::rt::JsonLine line;
        line.add("part", "root")
            .add("checks", checks_.checks())
            .add("failures", checks_.failures())
            .add("files", files_)
            .add("log_blocks", log_blocks_);
        env_.report(line);
        return checks_.failures() == 0 ? 0 : 1;
    }

private:
    static constexpr std::uint32_t page_header = 0, page_root = 1, page_part = 2, page_file = 3,
                                   page_data = 4;

    Slot slot() { return env_.must(env_.space().take_slot(), "a slot"); }

    void make() {
        const Slot extent = slot();
        env_.must(calls::extent_allocate(abi::slot_disk, extent, abi::any_block,
                                         argument(env_, "blocks"), tree_name),
                  "an extent");
        begin(extent);
        const libos::disk::Function functions[] = {list_function, directory_function,
                                                   file_function, log_function};
        if (!libos::disk::make_header(*io_.as<abi::TreeHeader>(page_header),
                                      argument(env_, "blocks"), functions)) {
            env_.panic("no header");
        }
        io_.clear(page_root);
        env_.must(libos::disk::write_tree(io_, extent), "writing the tree");
        env_.space().release(extent);
    }

    void begin(Slot extent) {
        if (begun_) return;
        env_.must(io_.begin(extent), "a ring");
        begun_ = true;
    }

    // `twice`: and finds that nobody else can.
    void open(bool twice) {
        const Slot extent = slot();
        env_.must(calls::extent_open(abi::slot_disk, extent, tree_name), "the extent");
        begin(extent);
        if (io_.read(extent, 0, page_header) != Status::ok) env_.panic("no header");
        node_ = env_.must(libos::disk::open_tree(env_, io_, extent), "opening the tree");
        if (!twice) return;
        checks_.expect("the extent of an open tree", Status::busy,
                       calls::extent_open(abi::slot_disk, extent, tree_name));
    }

    // Three blocks that own nothing, durable; then the root that owns them.
    Parts parts() {
        io_.clear(page_part);
        const auto put = [this](std::uint32_t type) {
            return env_.must(libos::disk::put_new(io_, node_, type, page_part), "a block");
        };
        Parts made{put(directory), 0, put(list)};
        io_.as<Log>(page_part)->magic = log_magic;
        made.logger = put(log);
        auto* const entries = io_.as<Owned>(page_root);
        io_.clear(page_root);
        entries[0] = {made.keeper, directory};
        entries[1] = {made.logger, log};
        entries[2] = {made.enemy, list};
        checks_.expect("the root", Status::ok, io_.write(node_, abi::tree_root, page_root));
        return made;
    }

    Child start(Part part, std::uint32_t block) {
        const Slot its = slot();
        env_.must(calls::tree_node(node_, its, block, Rights::all), "a node");
        const Child child =
            env_.must(libos::rt::spawn(env_, {.program = "shared_tree",
                                              .limit_frames = 250,
                                              .env_record = env_.start().env_record,
                                              .argument = static_cast<std::uint64_t>(part) |
                                                          std::uint64_t{block} << 32,
                                              .extent = its}),
                      "starting an environment");
        return child;
    }

    void end(std::string_view what, const Child& child) {
        checks_.expect(what, 0, libos::rt::wait(env_, child));
        libos::rt::destroy(env_, child);
    }

    void work(const Parts& made) {
        const Child keeper = start(Part::keeper, made.keeper);
        const Child logger = start(Part::logger, made.logger);
        const bool crash = argument(env_, "crash_after") != 0;
        if (crash) {
            end("keeper", keeper);
            return end("logger", logger);
        }
        const Child enemy = start(Part::enemy, made.enemy);
        const Slot theirs = slot();
        env_.must(calls::tree_node(node_, theirs, made.keeper, Rights::read | Rights::grant),
                  "a node to read");
        Patience patience{env_, "a cached block"};
        while (env_.info().registry(0).entries[0].frame.value == 0) patience.pause();
        env_.must(calls::cap_grant(logger.env, theirs, slot_other, Rights::read), "granting");
        end("logger", logger);
        end("enemy", enemy);
        take_back(keeper, theirs, made.keeper);
        end("keeper", keeper);
    }

    // A cached block is its owner's to take back.
    void take_back(const Child& keeper, Slot theirs, std::uint32_t block) {
        const Slot cached = slot();
        checks_.expect("cached by", keeper.id.value,
                       env_.must(calls::registry_find(theirs, block, cached), "finding").value);
        env_.must(calls::cap_grant(keeper.env, theirs, slot_token, Rights::read), "granting");
        checks_.expect("its exit code", 0, libos::rt::wait(env_, keeper));
        const auto left = env_.must(calls::cap_identify(cached), "looking");
        checks_.expect("the cached block is taken back", 1,
                       left.type == libos::rt::CapType::none ? 1 : 0);
        env_.space().give_slot(cached);
    }

    // ---- what is on the disk

    void read(std::uint32_t block, std::uint32_t page) {
        checks_.expect("reading", Status::ok, io_.read(node_, block, page));
    }
    void check_owned(std::uint32_t block, std::uint32_t parent, std::uint32_t type) {
        const BlockLook look = env_.must(calls::tree_look(node_, block), "looking");
        checks_.expect("owned", 1, look.state == BlockState::owned ? 1 : 0);
        checks_.expect("its owner", parent, look.parent);
        checks_.expect("its type", type, look.type);
    }
    void check_data(std::uint32_t parent, const Stamp& what) {
        check_owned(what.block, parent, data);
        read(what.block, page_data);
        checks_.expect("what was written", 1, stamped(io_, page_data, what) ? 1 : 0);
    }

    void check() {
        read(abi::tree_root, page_root);
        const Owned* const entries = io_.as<Owned>(page_root);
        for (std::uint32_t i = 0; i < 3; ++i) {
            if (entries[i].block == 0) continue;
            check_owned(entries[i].block, abi::tree_root, entries[i].type);
        }
        if (entries[0].block != 0) check_directory(entries[0].block);
        if (entries[1].block != 0) check_log(entries[1].block);
        checks_.expect("nothing is reserved", 0, reserved());
    }

    void check_directory(std::uint32_t block) {
        read(block, page_part);
        for (std::uint32_t i = 0; i < directory_entries; ++i) {
            const DirectoryEntry& entry = io_.as<DirectoryEntry>(page_part)[i];
            if (entry.file == 0) continue;
            ++files_;
            check_owned(entry.file, block, file);
            read(entry.file, page_file);
            const File& inode = *io_.as<File>(page_file);
            for (std::uint32_t at = 0; at < entry.blocks; ++at) {
                const auto number = static_cast<std::uint32_t>(inode.number);
                check_data(entry.file, stamp_of(Part::keeper, number, at, inode.blocks[at]));
            }
        }
    }

    void check_log(std::uint32_t block) {
        read(block, page_part);
        const Log& log = *io_.as<Log>(page_part);
        for (std::uint32_t age = 1; age <= log_runs && age <= log.rounds; ++age) {
            const std::uint32_t number = log.rounds - age;
            const Log::Run run = log.runs[number % log_runs];
            for (std::uint32_t i = 0; i < run.count; ++i) {
                ++log_blocks_;
                check_data(block, stamp_of(Part::logger, number, i, run.first + i));
            }
        }
    }

    std::uint64_t reserved() {
        std::uint64_t found = 0;
        const std::uint32_t blocks = env_.info().extents(0).records[0].count;
        for (std::uint32_t i = 0; i < blocks; ++i) {
            const BlockLook look = env_.must(calls::tree_look(node_, i), "looking");
            found += look.state == BlockState::reserved ? 1 : 0;
        }
        return found;
    }

    Environment& env_;
    BlockIo io_;
    Checks checks_;
    Slot node_{};
    bool begun_ = false;
    std::uint64_t files_ = 0, log_blocks_ = 0;
};

int run(Environment& env) {
    switch (static_cast<Part>(env.start().argument & 0xff)) {
        case Part::keeper: return Keeper{env}.run();
        case Part::logger: return Logger{env}.run();
        case Part::enemy: return Enemy{env}.run();
        default: return Root{env}.run();
    }
}

}  // namespace

CHITIN_PROGRAM(shared_tree,
               "LibOSes that do not trust each other keep files in one tree of blocks.",
               parameters, run)
