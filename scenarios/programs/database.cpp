// database: random reads and overwrites of 4 KiB pages of a table, made durable by a redo log.
//
// A transaction reads a page, changes it, appends a record to the log and syncs the log; the page
// is written to the table without a sync. A checkpoint after every `checkpoint` transactions syncs
// the table and empties the log. Pages are chosen alike, or by Zipf's law (the n-th most wanted
// page in proportion to 1/n). Each page says how often it was changed, and is compared when it is
// read. After Gray and Reuter (Transaction Processing, 1993, 10.3: write-ahead log). Exit code 1: a
// page was not as it was written.
#include <algorithm>

#include "libos/load/random.hpp"
#include "scenarios/programs/volume.hpp"

namespace {

using namespace scenarios::programs;

constexpr Parameter own_parameters[] = {
    {"pages", ParameterKind::integer, "1024", "of 4 KiB in the table", 1, 1 << 20},
    {"transactions", ParameterKind::integer, "500", "how many", 1, 1 << 20},
    {"record_bytes", ParameterKind::integer, "512", "of the log's record", 16, 4096},
    {"checkpoint", ParameterKind::integer, "100", "transactions between two checkpoints", 1,
     1 << 20},
    {"choose", ParameterKind::choice, "uniform", "which pages are wanted", 0, 0, "uniform zipf"},
    {"think_us", ParameterKind::integer, "0", "virtual us between two transactions", 0,
     10'000'000},
};
constexpr auto parameters = with_volume(own_parameters);

constexpr std::size_t page_bytes = 4096;

// Which page is wanted next.
class Chooser {
public:
    Chooser(Environment& env, std::uint32_t pages)
        : random_{env.start().seed}, pages_{pages} {
        if (env.arguments().text("choose") != "zipf") return;
        sums_ = env.heap().array<std::uint64_t>(pages);
        if (sums_.empty()) env.panic("no memory to choose from ", pages, " pages");
        std::uint64_t sum = 0;
        for (std::uint32_t i = 0; i < pages; ++i) {
            sum += (std::uint64_t{1} << 32) / (i + 1);
            sums_[i] = sum;
        }
    }

    std::uint32_t page() {
        if (sums_.empty()) return static_cast<std::uint32_t>(random_.below(pages_));
        const std::uint64_t drawn = random_.below(sums_.back());
        const auto at = std::upper_bound(sums_.begin(), sums_.end(), drawn);
        const auto rank = static_cast<std::uint64_t>(at - sums_.begin());
        // The wanted pages lie anywhere in the table.
        return static_cast<std::uint32_t>(rank * 2654435761u % pages_);
    }

private:
    libos::load::Random random_;
    std::uint32_t pages_;
    std::span<std::uint64_t> sums_;
};

template <class Format>
class Work {
public:
    Work(Environment& env, ExtentDevice& device, const VolumeSetup& setup)
        : env_{env},
          volume_{env, device, setup},
          pages_{static_cast<std::uint32_t>(env.arguments().integer("pages"))},
          record_bytes_{static_cast<std::size_t>(env.arguments().integer("record_bytes"))},
          chooser_{env, pages_},
          page_{env.heap().array<std::byte>(page_bytes)},
          changes_{env.heap().array<std::uint32_t>(pages_)} {
        if (page_.empty() || changes_.empty()) env.panic("no memory for ", pages_, " pages");
    }

    int run() {
        volume_.format();
        volume_.mount();
        make();
        volume_.unmount();
        volume_.mount();
        const std::uint32_t wrong = work();
        volume_.unmount();
        if (wrong != 0) env_.say("database: ", wrong, " pages are not as written");
        return wrong == 0 ? 0 : 1;
    }

private:
    void make() {
        auto& fs = volume_.fs();
        table_ = volume_.must(fs.create(fs.root(), "table", {}), "create");
        log_ = volume_.must(fs.create(fs.root(), "log", {}), "create");
        for (std::uint32_t p = 0; p < pages_; ++p) put(p);
    }

    // The page's bytes: its number and how often it was changed.
    void put(std::uint32_t page) {
        const std::uint32_t words[2] = {page, changes_[page]};
        for (std::size_t at = 0; at < page_bytes; at += sizeof words) {
            __builtin_memcpy(page_.data() + at, words, sizeof words);
        }
        const auto part = volume_.must(
            volume_.fs().write(table_, std::uint64_t{page} * page_bytes, page_), "write");
        if (part != page_bytes) env_.panic("the disk is full");
    }

    bool get(std::uint32_t page) {
        const auto part = volume_.must(
            volume_.fs().read(table_, std::uint64_t{page} * page_bytes, page_), "read");
        std::uint32_t words[2] = {};
        __builtin_memcpy(words, page_.data() + page_bytes - sizeof words, sizeof words);
        return part == page_bytes && words[0] == page && words[1] == changes_[page];
    }

    void log_change() {
        const auto record = page_.first(record_bytes_);
        const auto part = volume_.must(volume_.fs().write(log_, logged_, record), "write");
        if (part != record_bytes_) env_.panic("the disk is full");
        logged_ += part;
        volume_.must(volume_.fs().fsync(log_, true), "fsync");
    }

    void checkpoint() {
        volume_.must(volume_.fs().fsync(table_, false), "fsync");
        volume_.must(volume_.fs().truncate(log_, 0), "truncate");
        logged_ = 0;
    }

    std::uint32_t work() {
        auto& fs = volume_.fs();
        table_ = volume_.must(fs.lookup(fs.root(), "table"), "lookup");
        log_ = volume_.must(fs.lookup(fs.root(), "log"), "lookup");
        const auto count = static_cast<std::uint32_t>(env_.arguments().integer("transactions"));
        const auto every = static_cast<std::uint32_t>(env_.arguments().integer("checkpoint"));
        const auto think = static_cast<std::uint64_t>(env_.arguments().integer("think_us")) * 1000;
        Meter reading{env_, volume_.device()}, committing{env_, volume_.device()},
            saving{env_, volume_.device()};
        std::uint32_t wrong = 0;
        for (std::uint32_t t = 1; t <= count; ++t) {
            volume_.take_time();
            const std::uint32_t page = chooser_.page();
            reading.time([&] { wrong += get(page) ? 0 : 1; });
            ++changes_[page];
            committing.time([&] {
                log_change();
                put(page);
            });
            if (t % every == 0) saving.time([&] { checkpoint(); });
            if (think != 0) env_.compute(kernel::abi::Nanoseconds{think});
        }
        const std::uint64_t bytes = std::uint64_t{count} * page_bytes;
        reading.report("read", bytes);
        committing.report("commit", bytes + std::uint64_t{count} * record_bytes_);
        saving.report("checkpoint", 0);
        return wrong;
    }

    Environment& env_;
    Volume<Format> volume_;
    std::uint32_t pages_;
    std::size_t record_bytes_;
    Chooser chooser_;
    Memory page_;
    std::span<std::uint32_t> changes_;
    fs::Inode table_{}, log_{};
    std::uint64_t logged_ = 0;
};

int run(Environment& env) {
    return on_volume(env, [&]<class Format>(ExtentDevice& device, const VolumeSetup& setup) {
        static_assert(sizeof(Work<Format>) < (std::size_t{64} << 10), "it lies on the stack");
        Work<Format> work{env, device, setup};
        return work.run();
    });
}

}  // namespace

CHITIN_PROGRAM(database, "Random reads and overwrites of a table's pages, with a redo log.",
               parameters, run)
