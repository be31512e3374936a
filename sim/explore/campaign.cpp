#include "sim/explore/campaign.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>

#include "sim/explore/report_codec.hpp"
#include "sim/host/process/worker.hpp"
#include "sim/machine/clock/clock.hpp"

namespace sim::explore {

namespace {

constexpr std::uint64_t purpose_run = 3;
constexpr std::uint64_t purpose_start = 4;
constexpr std::uint64_t batch_max = 256;

std::uint64_t seed_of(const CampaignOptions& options, std::uint64_t run) {
    return Stream{options.seed, purpose_run + (run << 8)}.next();
}

// A stall may begin up to half a slice after an event.
Edges edges_of(const Subject& subject, std::uint64_t seed) {
    if (!machine::counts_instructions()) return {seed, 0};
    return {seed, static_cast<std::uint32_t>(std::bit_width(subject.baseline.slice_ns))};
}

// One batch, in a child process or, a run at a time, after one of its runs crashed.
class Batch {
public:
    Batch(const std::vector<Subject>& subjects, const CampaignOptions& options)
        : subjects_{subjects}, options_{options} {}

    void run_here(std::uint64_t first, std::uint64_t last) {
        for (std::uint64_t number = first; number < last; ++number) {
            const auto chooser = make(number);
            take(number, run(subject(number), *chooser, start(number)));
            const bool twice = options_.repeat_every != 0 && number % options_.repeat_every == 0;
            if (twice) repeat(number);
        }
    }
    void run_apart_each(std::uint64_t first, std::uint64_t last) {
        for (std::uint64_t number = first; number < last; ++number) {
            take(number, run_apart(subject(number), [&] { return make(number); }, start(number)));
            if (host::process::Interrupt::seen()) return;
        }
    }

    [[nodiscard]] Json to_json() const {
        Json failures = Json::array();
        for (const FoundFailure& one : found_) {
            failures.push_back({{"run", one.run}, {"report", explore::to_json(one.report)}});
        }
        return {{"runs", runs_}, {"events", events_}, {"probes", probes_},
                {"repeated", repeated_}, {"hashes", hashes_}, {"diverged", diverged_},
                {"failures", std::move(failures)}};
    }

private:
    const Subject& subject(std::uint64_t number) const {
        return subjects_[number % subjects_.size()];
    }
    std::unique_ptr<Chooser> make(std::uint64_t number) const {
        return chooser_of(subject(number), options_, number, subjects_.size());
    }
    std::uint64_t start(std::uint64_t number) const {
        return start_of(subject(number), options_, number);
    }

    void take(std::uint64_t number, RunReport report) {
        ++runs_;
        events_ += report.events;
        probes_ |= report.probes;
        hashes_.push_back(report.hash);
        last_ = report;
        if (report.failure == Failure::none) return;
        found_.push_back({number, number % subjects_.size(), {}, {}, std::move(report)});
    }

    // By its decisions, so that what can be replayed is what was found.
    void repeat(std::uint64_t number) {
        Replay again{last_.decisions};
        const RunReport second = run(subject(number), again, start(number));
        ++repeated_;
        if (second.hash != last_.hash || second.failure != last_.failure) {
            diverged_.push_back(number);
        }
    }

    const std::vector<Subject>& subjects_;
    const CampaignOptions& options_;
    std::uint64_t runs_ = 0;
    std::uint64_t events_ = 0;
    std::uint64_t probes_ = 0;
    std::uint64_t repeated_ = 0;
    std::vector<std::uint64_t> hashes_;
    std::vector<std::uint64_t> diverged_;
    std::vector<FoundFailure> found_;
    RunReport last_;
};

void add(Progress& progress, const Json& batch, const CampaignOptions& options,
         const std::vector<Subject>& subjects) {
    progress.runs += batch.at("runs").get<std::uint64_t>();
    progress.events += batch.at("events").get<std::uint64_t>();
    progress.probes |= batch.at("probes").get<std::uint64_t>();
    progress.repeated += batch.at("repeated").get<std::uint64_t>();
    for (const std::uint64_t hash : batch.at("hashes")) progress.schedules.insert(hash);
    for (const std::uint64_t run : batch.at("diverged")) progress.diverged.push_back(run);
    for (const Json& one : batch.at("failures")) {
        FoundFailure found;
        found.run = one.at("run").get<std::uint64_t>();
        found.subject = found.run % subjects.size();
        found.strategy = options.strategy.of_run(found.run).text();
        found.faults =
            Faults{options.faults, subjects[found.subject].baseline.slice_ns,
                   seed_of(options, found.run)}.text();
        found.report = report_of(one.at("report"));
        progress.failures.push_back(std::move(found));
    }
}

// For PCT: the chance that none of `runs` runs showed a bug of that depth that is there.
double missed(std::uint32_t depth, double cores, double events, double runs) {
    const double each = 1 / (cores * std::pow(events, depth - 1));
    return std::exp(runs * std::log1p(-each));
}

std::string pct_meaning(std::uint32_t depth, const Subject& subject, std::uint64_t runs) {
    const auto cores = static_cast<double>(subject.baseline.cores);
    const auto events = static_cast<double>(subject.baseline.events);
    const double chance = missed(depth, cores, events, static_cast<double>(runs));
    return fmt::format(
        "pct:{}: a bug that {} ordering{} of events between {} core{} suffice{} to show is found "
        "by a run with a chance of at least 1/({} x {}^{}); {} runs missed it with a chance of at "
        "most {:.3g}\n",
        depth, depth, depth == 1 ? "" : "s", subject.baseline.cores,
        subject.baseline.cores == 1 ? "" : "s", depth == 1 ? "s" : "", subject.baseline.cores,
        subject.baseline.events, depth - 1, runs, chance);
}

}  // namespace

RunReport learn_baseline(Subject& subject, std::uint64_t slice_ns, std::uint32_t cores,
                         std::uint64_t events_max) {
    machine::prepare_process();
    subject.several_cores = cores > 1;
    subject.baseline = {cores, slice_ns, events_max / times_baseline, ~std::uint64_t{0} >> 8};
    RunReport report =
        run_apart(subject, [] { return std::make_unique<Replay>(Decisions{}); }, 0);
    subject.baseline.events = report.events;
    subject.baseline.time_ns = report.time_ns;
    return report;
}

std::unique_ptr<Chooser> chooser_of(const Subject& subject, const CampaignOptions& options,
                                    std::uint64_t run, std::size_t subjects) {
    const std::uint64_t seed = seed_of(options, run);
    auto search = std::make_unique<Search>(
        make_strategy(options.strategy, subject.baseline, seed, run / subjects),
        Faults{options.faults, subject.baseline.slice_ns, seed}, edges_of(subject, seed));
    if (options.prefix.empty()) return search;
    return std::make_unique<Replay>(options.prefix, std::move(search));
}

std::uint64_t start_of(const Subject& subject, const CampaignOptions& options, std::uint64_t run) {
    if (subject.check_every == 0) return 0;
    return Stream{seed_of(options, run), purpose_start}.below(subject.check_every);
}

Progress explore(const std::vector<Subject>& subjects, const CampaignOptions& options,
                 const std::function<void(const Progress&)>& on_progress) {
    machine::prepare_process();
    Progress progress;
    const std::uint64_t size =
        std::clamp<std::uint64_t>(options.runs / (options.parallel * std::uint64_t{16}), 1,
                                  batch_max);
    const auto batches = static_cast<std::uint32_t>((options.runs + size - 1) / size);
    const auto first = [size](std::uint32_t job) { return job * size; };
    const auto last = [&](std::uint32_t job) { return std::min(first(job) + size, options.runs); };
    bool enough = false;
    const auto work = [&](std::uint32_t job) {
        Batch batch{subjects, options};
        batch.run_here(first(job), last(job));
        return batch.to_json().dump(-1, ' ', false, Json::error_handler_t::replace);
    };
    const auto done = [&](const host::process::JobEnd& end) {
        if (end.failure.empty()) {
            add(progress, Json::parse(end.output), options, subjects);
        } else {
            Batch again{subjects, options};
            again.run_apart_each(first(end.job), last(end.job));
            add(progress, again.to_json(), options, subjects);
        }
        enough = progress.failures.size() >= options.failures_max || !progress.diverged.empty();
        on_progress(progress);
    };
    const bool complete = host::process::run_jobs(
        {.jobs = batches,
         .parallel = options.parallel,
         .seconds_max = subjects.front().seconds_max,
         .enough = &enough},
        work, done);
    progress.interrupted = !complete && !enough;
    std::ranges::sort(progress.failures, {}, &FoundFailure::run);
    return progress;
}

std::string meaning_of(const CampaignOptions& options, const std::vector<Subject>& subjects,
                       const Progress& progress) {
    const Subject& largest = *std::ranges::max_element(
        subjects, {}, [](const Subject& one) { return one.baseline.events; });
    const std::uint64_t each = progress.runs / subjects.size();
    switch (options.strategy.kind) {
        case StrategyKind::pct: return pct_meaning(options.strategy.depth, largest, each);
        case StrategyKind::portfolio:
            return pct_meaning(2, largest, each / 4) + pct_meaning(3, largest, each / 4);
        case StrategyKind::bounded: {
            const std::uint64_t all = options.strategy.runs_of(largest.baseline);
            if (each >= all) {
                return fmt::format("bounded: every schedule with at most {} preemptions at events "
                                   "was run, without faults or with those drawn\n",
                                   options.strategy.depth);
            }
            return fmt::format("bounded: {} of {} schedules with at most {} preemptions were run\n",
                               each, all, options.strategy.depth);
        }
        default: return "random: no bound is known for what it missed\n";
    }
}

}  // namespace sim::explore
