#include "sim/testbed/power/volume_judge.hpp"

#include <vector>

#include <fmt/format.h>

#include "sim/testbed/ace/format_types.hpp"
#include "sim/testbed/fs/error_text.hpp"
#include "sim/testbed/power/survey.hpp"

namespace sim::testbed::power {

namespace {

using ace::CofsFormat;
using ace::FatFormat;
using ace::LogFormat;

template <class Format>
constexpr Guard guard_of = Guard::none;
template <>
constexpr Guard guard_of<CofsFormat> = Guard::reads;
template <>
constexpr Guard guard_of<LogFormat> = Guard::check;

std::string because(std::string_view what, libos::fs::Error error) {
    return fmt::format("{}: {}", what, fs::text(error));
}

// New files can be made in every directory, and removed.
template <class F>
std::string use(F& fs, const Survey& seen) {
    const char byte[] = "x";
    for (const libos::fs::Inode directory : seen.directories) {
        const auto made = fs.create(directory, "new", {});
        const bool good = made && fs.write(*made, 0, std::as_bytes(std::span{byte})) &&
                          fs.unlink(directory, "new");
        if (!good) return "no file can be made and removed in a directory";
    }
    return fs.sync() ? "" : "cannot be synced afterwards";
}

template <class Format>
class JudgeOf final : public VolumeJudge {
public:
    explicit JudgeOf(std::uint64_t blocks)
        : memory_{Format::memory(blocks * block_bytes, block_bytes)} {}

    [[nodiscard]] Guard guard() const override { return guard_of<Format>; }
    [[nodiscard]] bool whole_changes() const override {
        return guard_of<Format> != Guard::none;
    }

    Verdict crashed(PartDevice device, const Ledger& ledger) override {
        Verdict verdict;
        const auto repaired = Format::recover(device, memory_);
        if (!repaired) return refused(verdict, "cannot be recovered", repaired.error());
        verdict.repairs = *repaired;
        const auto fs = std::make_unique<F>(device, memory_);
        if (const auto mounted = fs->mount(); !mounted) {
            return refused(verdict, "cannot be mounted", mounted.error());
        }
        verdict.mounted = true;
        const Survey seen = survey(*fs);
        verdict.losses = ledger.judge(seen.files, whole_changes());
        verdict.problem = use(*fs, seen);
        if (!verdict.problem.empty()) return verdict;
        if (!fs->unmount()) verdict.problem = "cannot be unmounted";
        if (!verdict.problem.empty()) return verdict;
        const std::string words = Format::check(device, memory_);
        verdict.noticed = !words.empty();
        if (verdict.noticed) verdict.problem = "check: " + words;
        return verdict;
    }

    Verdict damaged(PartDevice device, const Ledger& ledger) override {
        Verdict verdict;
        // What a format that needs repair after each crash repairs now is no news of the damage.
        if (whole_changes()) {
            verdict.problem = Format::check(device, memory_);
            verdict.noticed = !verdict.problem.empty();
        } else if (const auto done = Format::recover(device, memory_); !done) {
            return refused(verdict, "cannot be recovered", done.error());
        } else {
            verdict.repairs = *done;
        }
        Found before;
        verdict.mounted = look(device, before);
        if (verdict.mounted) {
            verdict.losses = ledger.judge(before, whole_changes());
            verdict.noticed |= verdict.losses.unreadable != 0;
        } else {
            verdict.noticed = true;
        }
        verdict.damaged_more = repair_harms(device, ledger, before);
        return verdict;
    }

private:
    using F = typename Format::template Type<PartDevice>;

    static Verdict refused(Verdict verdict, std::string_view what, libos::fs::Error error) {
        verdict.noticed = true;
        verdict.problem = because(what, error);
        return verdict;
    }

    // False: it does not mount.
    bool look(PartDevice& device, Found& found) {
        const auto fs = std::make_unique<F>(device, memory_);
        if (!fs->mount()) return false;
        found = survey(*fs).files;
        static_cast<void>(fs->unmount());
        return true;
    }

    // After a repair, is a file not right any more that was right before?
    bool repair_harms(PartDevice& device, const Ledger& ledger, const Found& before) {
        if (!Format::repair(device, memory_)) return false;
        Found after;
        if (!look(device, after)) return !before.empty();
        for (const auto& [path, version] : before) {
            if (!version || !ledger.allows(path, *version)) continue;
            const auto now = after.find(path);
            if (now == after.end() || now->second != version) return true;
        }
        return false;
    }

    std::vector<std::byte> memory_;
};

}  // namespace

std::unique_ptr<VolumeJudge> VolumeJudge::create(std::string_view format, std::uint64_t blocks) {
    if (format == CofsFormat::name) return std::make_unique<JudgeOf<CofsFormat>>(blocks);
    if (format == LogFormat::name) return std::make_unique<JudgeOf<LogFormat>>(blocks);
    if (format == FatFormat::name) return std::make_unique<JudgeOf<FatFormat>>(blocks);
    return nullptr;
}

}  // namespace sim::testbed::power
