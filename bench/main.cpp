// chitin_bench: Google Benchmark's own options, and ours:
//   --repetitions N    how often the kernel's primitives run (default 20000)
//   --image FOLDER     chitin.elf and programs/ (default: build/image/image of the source tree)
//   --skip-image       leave QEMU out
//   --strict           exit 1 if an aim that counts instructions is missed
// Exit codes: 0, 1 (--strict, or a machine failed), 2 wrong usage.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "bench/summary.hpp"

namespace {

struct Options {
    std::uint64_t repetitions = 20'000;
    std::string image = CHITIN_SOURCE_DIR "/build/image/image";
    bool skip_image = false;
    bool strict = false;
};

// Takes our options out of argv; false: wrong usage.
bool take_options(int& argc, char** argv, Options& options) {
    int kept = 1;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        const bool more = i + 1 < argc;
        if (word == "--skip-image") {
            options.skip_image = true;
        } else if (word == "--strict") {
            options.strict = true;
        } else if (word == "--image" && more) {
            options.image = argv[++i];
        } else if (word == "--repetitions" && more) {
            char* end = nullptr;
            options.repetitions = std::strtoull(argv[++i], &end, 10);
            if (*end != '\0' || options.repetitions < 21) return false;
        } else {
            argv[kept++] = argv[i];
        }
    }
    argc = kept;
    return true;
}

// Prints as usual, and keeps what Linux's primitives, downloaded code and file systems took.
class Keeper : public benchmark::ConsoleReporter {
public:
    Keeper() : ConsoleReporter{isatty(STDOUT_FILENO) == 1 ? OO_ColorTabular : OO_Tabular} {}
    void ReportRuns(const std::vector<Run>& runs) override {
        for (const Run& run : runs) {
            const std::string& name = run.run_name.function_name;
            if (run.aggregate_name != "median") continue;
            if (name.starts_with("linux/")) figures[name.substr(6)] = run.GetAdjustedRealTime();
            if (name.starts_with("fs/")) {
                const bool waits = name.starts_with("fs/fsync");
                fs_figures[name.substr(3)] =
                    waits ? run.GetAdjustedRealTime() : run.GetAdjustedCPUTime();
            }
            if (name.starts_with("code/")) code_figures[name.substr(5)] = run.GetAdjustedCPUTime();
        }
        ConsoleReporter::ReportRuns(runs);
    }
    bench::Figures figures;
    bench::Figures code_figures;
    bench::Figures fs_figures;
};

std::optional<bench::Figures> shown(const char* machine,
                                    std::expected<bench::Figures, std::string> figures,
                                    bool& failed) {
    if (figures) return *figures;
    fmt::print(stderr, "chitin_bench: {}: {}\n", machine, figures.error());
    failed = true;
    return std::nullopt;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    if (!take_options(argc, argv, options)) {
        fmt::print(stderr, "chitin_bench: --repetitions expects a number of at least 21\n");
        return 2;
    }
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    Keeper keeper;
    benchmark::RunSpecifiedBenchmarks(&keeper);
    bool failed = false;
    bench::Summary summary;
    summary.linux_ns = keeper.figures;
    summary.hosted_ns = shown("hosted", bench::hosted_figures(options.repetitions), failed);
    if (!options.skip_image) {
        summary.image = shown("image", bench::image_figures(2100, options.image), failed);
    }
    bench::print_downloaded_code(keeper.code_figures);
    bench::print_file_systems(keeper.fs_figures);
    const int missed = bench::print_summary(summary);
    return failed || (options.strict && missed != 0) ? 1 : 0;
}
