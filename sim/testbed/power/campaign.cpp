#include "sim/testbed/power/campaign.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>

#include <fmt/format.h>

#include "sim/testbed/power/volume_judge.hpp"
#include "sim/testbed/power/workload_run.hpp"

namespace sim::testbed::power {

namespace {

using crash::CrashDevice;
using crash::CrashState;
using crash::Epoch;

// A volume, its judge, and the ledger up to the crash that is judged now.
struct Judged {
    const WorkloadVolume* volume;
    std::unique_ptr<VolumeJudge> judge;
    Ledger ledger{};
    std::size_t said = 0;

    [[nodiscard]] bool begun(std::uint64_t mark) const { return mark >= volume->since; }
    // Marks never fall.
    void go_to(std::uint64_t mark) {
        while (said < volume->said.size() && volume->said[said].mark <= mark) {
            ledger.take(volume->said[said++].statement);
        }
    }
    [[nodiscard]] PartDevice part(CrashDevice& disk) const {
        return {disk, volume->place.first, volume->place.blocks};
    }
    [[nodiscard]] bool has(std::uint64_t block) const {
        return block >= volume->place.first &&
               block - volume->place.first < volume->place.blocks;
    }
};

Tally tally_of_crash(const Verdict& verdict) {
    Tally tally{.states = 1};
    const Losses& losses = verdict.losses;
    const bool kept = losses.older + losses.wrong + losses.unreadable == 0;
    const bool good = verdict.mounted && kept && verdict.problem.empty();
    tally.refused = verdict.mounted ? 0 : 1;
    tally.clean = good && verdict.repairs == 0 ? 1 : 0;
    tally.repaired = good && verdict.repairs != 0 ? 1 : 0;
    tally.broken = good ? 0 : 1;
    tally.files_pending = losses.pending;
    tally.files_unreadable = losses.unreadable;
    tally.files_wrong = losses.older + losses.wrong;
    return tally;
}

Tally tally_of_damage(const Verdict& verdict, Guard guard) {
    Tally tally{.states = 1};
    const std::uint64_t wrong = verdict.losses.older + verdict.losses.wrong;
    tally.refused = verdict.mounted ? 0 : 1;
    tally.files_wrong = wrong;
    tally.files_unreadable = verdict.losses.unreadable;
    tally.files_pending = verdict.losses.pending;
    tally.repairs_harmed = verdict.damaged_more ? 1 : 0;
    tally.silent = verdict.losses.wrong != 0 && !verdict.noticed ? 1 : 0;
    tally.rolled_back = wrong != 0 && !verdict.noticed && tally.silent == 0 ? 1 : 0;
    tally.noticed = verdict.mounted && verdict.noticed ? 1 : 0;
    tally.clean = verdict.mounted && !verdict.noticed && wrong == 0 ? 1 : 0;
    const bool reads = guard == Guard::reads && (wrong != 0 || verdict.damaged_more);
    const bool check = guard == Guard::check && tally.silent != 0;
    tally.broken = reads || check ? 1 : 0;
    return tally;
}

std::string words_of(const Verdict& verdict) {
    if (!verdict.losses.first.empty()) return verdict.losses.first;
    if (!verdict.problem.empty()) return verdict.problem;
    return "a repair took what could be read before it";
}

// ---- damage

struct Damage {
    Kind kind{};
    std::uint64_t block = 0;      // of the disk
    std::uint64_t bit = 0;        // of rot
    std::uint64_t elsewhere = 0;  // of a misdirected write
};

std::string text(const Damage& damage, std::size_t epoch) {
    switch (damage.kind) {
        case Kind::rot:
            return fmt::format("flush {}: bit {} of block {} rots", epoch, damage.bit,
                               damage.block);
        case Kind::latent: return fmt::format("flush {}: block {} is lost", epoch, damage.block);
        default:
            return fmt::format("flush {}: what was written to block {} went to block {}", epoch,
                               damage.block, damage.elsewhere);
    }
}

class Campaign {
public:
    Campaign(const WorkloadRun& run, const PowerOptions& options)
        : run_{run}, options_{options} {}

    std::string begin(const Scenario& scenario, std::uint32_t cell) {
        machine_ = &scenario.cells[cell].machine;
        for (const WorkloadVolume& volume : run_.volumes) {
            auto judge = VolumeJudge::create(volume.place.format, volume.place.blocks);
            if (!judge) return "no such format: " + volume.place.format;
            const std::uint64_t blocks = run_.recording.image.size() / block_bytes;
            if (volume.place.first > blocks ||
                volume.place.blocks > blocks - volume.place.first) {
                return "a volume lies outside the disk";
            }
            judged_.push_back({&volume, std::move(judge)});
            result_.volumes.push_back({.environment = volume.environment,
                                       .format = volume.place.format,
                                       .statements = volume.said.size()});
        }
        if (options_.machine_every == 0) return {};
        auto bundle = look_bundle(scenario, cell);
        if (!bundle) return bundle.error();
        bundle_ = std::move(*bundle);
        return {};
    }

    CampaignResult run() {
        measure();
        crashes();
        for (Judged& judged : judged_) judged = {judged.volume, std::move(judged.judge)};
        if (options_.damages != 0 && !options_.ignore_flushes && options_.bounds.only_state < 0) {
            damages();
        }
        return std::move(result_);
    }

private:
    void measure() {
        result_.flushes = run_.flushes;
        for (const Epoch& epoch : run_.recording.epochs) {
            if (epoch.writes.empty()) continue;
            ++result_.epochs;
            result_.writes += epoch.writes.size();
            result_.epoch_most = std::max<std::uint64_t>(result_.epoch_most, epoch.writes.size());
            if (epoch.writes.size() <= options_.bounds.subset_writes_max) ++result_.epochs_whole;
        }
    }

    void note(std::size_t volume, Kind kind, const Tally& tally, std::uint64_t state,
              const std::string& where, const std::string& what) {
        VolumeResult& result = result_.volumes[volume];
        result.tallies[static_cast<std::size_t>(kind)].add(tally);
        result.files_pending_most = std::max(result.files_pending_most, tally.files_pending);
        const bool told = tally.broken + tally.silent + tally.rolled_back != 0;
        if (!told || result.breaches.size() == breaches_max) return;
        result.breaches.push_back({state, kind, where, what});
    }

    void crashes() {
        crash::CrashStates states{run_.recording, block_bytes, options_.bounds};
        states.for_each([this](CrashDevice& disk, const CrashState& state) {
            for (Judged& judged : judged_) judged.go_to(state.mark);
            const std::uint32_t every = options_.machine_every;
            if (every != 0 && state.number % every == 0) judge_on_machine(disk, state);
            for (std::size_t i = 0; i < judged_.size(); ++i) {
                if (!judged_[i].begun(state.mark)) continue;
                const Verdict verdict =
                    judged_[i].judge->crashed(judged_[i].part(disk), judged_[i].ledger);
                const Kind kind = state.torn ? Kind::torn : Kind::lost;
                note(i, kind, tally_of_crash(verdict), state.number, state.text,
                     words_of(verdict));
                list_pending(i, kind, state, verdict);
            }
            return true;
        });
    }

    // Of a state that was asked for alone: whose unfinished changes were lost in part.
    void list_pending(std::size_t volume, Kind kind, const CrashState& state,
                      const Verdict& verdict) {
        if (options_.bounds.only_state < 0 || verdict.losses.pending == 0) return;
        result_.volumes[volume].breaches.push_back(
            {state.number, kind, state.text,
             "unfinished changes were lost in part:" + verdict.losses.pending_paths});
    }

    void judge_on_machine(CrashDevice& disk, const CrashState& state) {
        const bool all = std::ranges::all_of(
            judged_, [&](const Judged& judged) { return judged.begun(state.mark); });
        if (!all) return;  // it would find a disk without some file system
        const auto looked = look_on_machine(bundle_, *machine_, disk.image());
        for (std::size_t i = 0; i < judged_.size(); ++i) {
            Verdict verdict;
            if (!looked) {
                verdict.problem = "the machine ended: " + looked.error();
            } else {
                verdict = verdict_of(*looked, judged_[i]);
            }
            note(i, Kind::machine, tally_of_crash(verdict), state.number, state.text,
                 words_of(verdict));
        }
    }

    static Verdict verdict_of(const std::vector<LookedVolume>& all, const Judged& judged) {
        Verdict verdict;
        const auto own =
            std::ranges::find(all, judged.volume->environment, &LookedVolume::environment);
        if (own == all.end() || !own->looked.finished) {
            verdict.problem = "it ended before it had looked";
            return verdict;
        }
        verdict.mounted = true;
        verdict.repairs = own->looked.repaired;
        verdict.losses = judged.ledger.judge(own->looked.found, judged.judge->whole_changes());
        if (own->looked.problems != 0) verdict.problem = "its check found something";
        return verdict;
    }

    // ---- damage, to the disk as each flush left it

    void damages() {
        CrashDevice disk{run_.recording.image, block_bytes};
        const auto& epochs = run_.recording.epochs;
        for (std::size_t i = 0; i + 1 < epochs.size(); ++i) {
            std::map<std::uint64_t, std::vector<std::byte>> before;
            for (const crash::Write& write : epochs[i].writes) {
                const std::uint64_t block = write.sector * crash::sector_bytes / block_bytes;
                std::vector<std::byte> bytes(block_bytes);
                static_cast<void>(disk.read(block, bytes));
                before.try_emplace(block, std::move(bytes));
                written_.insert(block);
                static_cast<void>(disk.write(block, write.bytes));
            }
            disk.settle();
            // The first line behind this flush and before the next one says what it persisted.
            const std::uint64_t mark =
                epochs[i].mark + (epochs[i + 1].mark > epochs[i].mark ? 1 : 0);
            for (Judged& judged : judged_) judged.go_to(mark);
            if (i % options_.bounds.parts != options_.bounds.part || before.empty()) continue;
            damage_flush(disk, i, before, mark);
        }
    }

    void damage_flush(CrashDevice& disk, std::size_t epoch,
                      const std::map<std::uint64_t, std::vector<std::byte>>& before,
                      std::uint64_t mark) {
        std::mt19937_64 random{options_.bounds.seed * 1'000'003 + epoch};
        for (std::uint32_t n = 0; n < options_.damages; ++n) {
            for (const Kind kind : {Kind::rot, Kind::latent, Kind::misdirected}) {
                Damage damage{.kind = kind, .block = pick(written_, random)};
                damage.bit = random() % (block_bytes * 8);
                if (kind == Kind::misdirected) {
                    damage.block = std::next(before.begin(), static_cast<std::ptrdiff_t>(
                                                                 random() % before.size()))
                                       ->first;
                    damage.elsewhere = pick(written_, random);
                }
                const auto old = before.find(damage.block);
                do_damage(disk, damage, old == before.end() ? nullptr : &old->second);
                judge_damage(disk, damage, epoch, mark);
                disk.take_back(0);
            }
        }
    }

    static std::uint64_t pick(const std::set<std::uint64_t>& all, std::mt19937_64& random) {
        return *std::next(all.begin(), static_cast<std::ptrdiff_t>(random() % all.size()));
    }

    static void do_damage(CrashDevice& disk, const Damage& damage,
                          const std::vector<std::byte>* before) {
        std::vector<std::byte> bytes(block_bytes);
        static_cast<void>(disk.read(damage.block, bytes));
        if (damage.kind == Kind::rot) {
            bytes[damage.bit / 8] ^= static_cast<std::byte>(1u << damage.bit % 8);
            static_cast<void>(disk.write(damage.block, bytes));
        } else if (damage.kind == Kind::misdirected && damage.elsewhere != damage.block) {
            static_cast<void>(disk.write(damage.elsewhere, bytes));
            static_cast<void>(disk.write(damage.block, *before));
        }
    }

    // Whoever has neither of its blocks must not notice.
    void judge_damage(CrashDevice& disk, const Damage& damage, std::size_t epoch,
                      std::uint64_t mark) {
        for (std::size_t i = 0; i < judged_.size(); ++i) {
            const bool concerned =
                judged_[i].has(damage.block) ||
                (damage.kind == Kind::misdirected && judged_[i].has(damage.elsewhere));
            if (!judged_[i].begun(mark) || !concerned) continue;
            PartDevice part = judged_[i].part(disk);
            if (damage.kind == Kind::latent) part.lose(damage.block);
            const std::size_t changes = disk.changes();
            const Verdict verdict = judged_[i].judge->damaged(part, judged_[i].ledger);
            note(i, damage.kind, tally_of_damage(verdict, judged_[i].judge->guard()), epoch,
                 text(damage, epoch), words_of(verdict));
            disk.take_back(changes);
        }
    }

    const WorkloadRun& run_;
    const PowerOptions& options_;
    const Machine* machine_ = nullptr;
    std::vector<std::byte> bundle_;
    std::vector<Judged> judged_;
    std::set<std::uint64_t> written_;
    CampaignResult result_;
};

}  // namespace

void Tally::add(const Tally& other) {
    states += other.states;
    clean += other.clean;
    repaired += other.repaired;
    noticed += other.noticed;
    refused += other.refused;
    silent += other.silent;
    rolled_back += other.rolled_back;
    broken += other.broken;
    files_pending += other.files_pending;
    files_unreadable += other.files_unreadable;
    files_wrong += other.files_wrong;
    repairs_harmed += other.repairs_harmed;
}

void CampaignResult::add(const CampaignResult& other) {
    if (volumes.empty()) {
        *this = other;
        return;
    }
    for (std::size_t i = 0; i < volumes.size() && i < other.volumes.size(); ++i) {
        VolumeResult& own = volumes[i];
        const VolumeResult& more = other.volumes[i];
        for (std::size_t kind = 0; kind < own.tallies.size(); ++kind) {
            own.tallies[kind].add(more.tallies[kind]);
        }
        own.files_pending_most = std::max(own.files_pending_most, more.files_pending_most);
        own.breaches.insert(own.breaches.end(), more.breaches.begin(), more.breaches.end());
        std::ranges::sort(own.breaches, {}, &Breach::state);
        if (own.breaches.size() > breaches_max) own.breaches.resize(breaches_max);
    }
}

std::expected<CampaignResult, std::string> run_campaign(const Scenario& scenario,
                                                        std::uint32_t cell,
                                                        const PowerOptions& options) {
    const auto run = record_workload(scenario, cell, options.ignore_flushes);
    if (!run) return std::unexpected(run.error());
    Campaign campaign{*run, options};
    if (const std::string problem = campaign.begin(scenario, cell); !problem.empty()) {
        return std::unexpected(problem);
    }
    return campaign.run();
}

}  // namespace sim::testbed::power
