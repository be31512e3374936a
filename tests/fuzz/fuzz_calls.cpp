// fuzz_calls: libFuzzer over sequences of kernel calls, and what goes with it: a listing, a replay,
// the corpus as one file, the coverage. README.md says how to use it.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/entry.hpp"
#include "scenarios/programs/sequence_steps.hpp"
#include "sim/host/code_names.hpp"
#include "sim/testbed/event_text.hpp"
#include "tests/fuzz/calls_run.hpp"
#include "tests/fuzz/coverage.hpp"
#include "tests/fuzz/inputs.hpp"
#include "tests/fuzz/listing.hpp"
#include "tests/fuzz/mutation.hpp"

extern "C" int LLVMFuzzerRunDriver(int* argc, char*** argv,
                                   int (*one)(const std::uint8_t*, std::size_t));

namespace tests::fuzz {
namespace {

namespace fs = std::filesystem;
using scenarios::sequence::step_bytes;
using scenarios::sequence::steps_max;

// What is called here by name comes from the kernel that is instrumented: its library is the
// first in which the linker looks for it.
[[gnu::used]] const auto kernel_entry = &kernel::run_cell;

int fuzz_one(const std::uint8_t* data, std::size_t size) {
    const Verdict verdict = run({data, size});
    if (verdict.finding.empty()) return 0;
    std::cerr << "fuzz_calls: found: " << verdict.finding << '\n';
    std::abort();
}

std::vector<Bytes> read_any(const fs::path& path) { return inputs_of(path, read_corpus); }

int list(const fs::path& path) {
    for (const Bytes& sequence : read_any(path)) {
        std::cout << text_of(sequence) << '\n' << listing_of(sequence) << '\n';
    }
    return 0;
}

int trace(const fs::path& path) {
    for (const Bytes& sequence : read_any(path)) {
        const Verdict verdict = run(sequence, true);
        for (const auto& event : verdict.result.events) {
            std::cout << sim::testbed::event_text(event, true) << '\n';
        }
        for (const auto& env : verdict.result.envs) std::cout << env.text;
        std::cout << verdict.result.error << '\n';
    }
    return 0;
}

// Twice each: the second history must be the first.
int replay(const fs::path& path) {
    std::size_t wrong = 0;
    const std::vector<Bytes> all = read_any(path);
    for (const Bytes& sequence : all) {
        const Verdict first = run(sequence);
        std::string finding = first.finding;
        if (finding.empty() && run(sequence).result.trace_hash != first.result.trace_hash) {
            finding = "two runs have two histories";
        }
        if (finding.empty()) continue;
        ++wrong;
        std::cout << "found: " << finding << '\n' << text_of(sequence) << '\n'
                  << listing_of(sequence);
    }
    std::cout << all.size() << " inputs, " << wrong << " with findings\n";
    return wrong == 0 ? 0 : 1;
}

std::string function_of(const std::string& place) { return place.substr(0, place.find('+')); }

// What a sanitizer adds to a file is not the kernel's.
bool added(const std::string& function) { return function.starts_with("_sub_"); }

struct Share {
    std::size_t reached = 0;
    std::size_t all = 0;
};

// Of each block: did any of the inputs reach it?
std::vector<bool> reached_by(const std::vector<Bytes>& inputs) {
    std::vector<bool> reached(blocks().size());
    for (const Bytes& sequence : inputs) {
        std::ranges::fill(counters(), std::uint8_t{0});
        static_cast<void>(run(sequence));
        for (std::size_t i = 0; i < reached.size(); ++i) {
            if (counters()[i] != 0) reached[i] = true;
        }
    }
    return reached;
}

// What is not reached yet, function by function, then all together.
int coverage(const fs::path& path) {
    const std::vector<bool> reached = reached_by(read_any(path));
    const auto names = sim::host::CodeNames::of_this_program();
    std::map<std::string, Share> functions;
    Share whole;
    for (std::size_t i = 0; i < blocks().size(); ++i) {
        const std::string function = function_of(names.name(blocks()[i]));
        if (added(function)) continue;
        for (Share* share : {&functions[function], &whole}) {
            share->reached += reached[i] ? 1 : 0;
            share->all += 1;
        }
    }
    std::size_t entered = 0;
    for (const auto& [name, share] : functions) {
        if (share.reached > 0) ++entered;
        if (share.reached == share.all) continue;
        std::cout << share.reached << " of " << share.all << ": " << name << '\n';
    }
    std::cout << "reached " << whole.reached << " of " << whole.all << " blocks, " << entered
              << " of " << functions.size() << " functions of the kernel\n";
    return 0;
}

int unpack(const fs::path& corpus, const fs::path& folder) {
    write_inputs(read_corpus(corpus.string()), folder);
    return 0;
}

int pack(const fs::path& folder) {
    std::set<std::string> lines;
    for (const Bytes& sequence : read_any(folder)) lines.insert(text_of(sequence));
    for (const std::string& line : lines) {
        if (!line.empty()) std::cout << line << '\n';
    }
    return 0;
}

// Nothing: not one of these.
int command(std::span<char*> words, bool& known) {
    const std::string_view name = words.size() > 1 ? words[1] : "";
    known = true;
    if (name == "--list" && words.size() == 3) return list(words[2]);
    if (name == "--trace" && words.size() == 3) return trace(words[2]);
    if (name == "--replay" && words.size() == 3) return replay(words[2]);
    if (name == "--coverage" && words.size() == 3) return coverage(words[2]);
    if (name == "--unpack" && words.size() == 4) return unpack(words[2], words[3]);
    if (name == "--pack" && words.size() == 3) return pack(words[2]);
    known = name.starts_with("--");
    if (!known) return 0;
    std::cerr << "usage: fuzz_calls [libFuzzer's options] [CORPUS FOLDER...]\n"
                 "       fuzz_calls --list | --trace | --replay | --coverage INPUT\n"
                 "       fuzz_calls --unpack FILE.corpus FOLDER\n"
                 "       fuzz_calls --pack FOLDER > FILE.corpus\n"
                 "INPUT: one input, a folder of them, or a file whose name ends in .corpus\n";
    return name == "--help" ? 0 : 2;
}

// What every run needs, before what the user says. No alarm: its signal could come while an
// environment's stack is the thread's; the machine's own watchdog reports what does not end.
int fuzz(int argc, char** argv) {
    std::string needed[] = {"-timeout=0", "-rss_limit_mb=0", "-detect_leaks=0", "-len_control=0",
                            "-max_len=" + std::to_string((steps_max + 1) * step_bytes)};
    std::vector<char*> words{argv[0]};
    for (std::string& word : needed) words.push_back(word.data());
    words.insert(words.end(), argv + 1, argv + argc);
    int count = static_cast<int>(words.size());
    words.push_back(nullptr);
    char** all = words.data();
    return LLVMFuzzerRunDriver(&count, &all, &fuzz_one);
}

int start(int argc, char** argv) {
    if (!begin_coverage()) {
        std::cerr << "fuzz_calls: the kernel is compiled without coverage\n";
        return 1;
    }
    bool known = false;
    const int code = command({argv, static_cast<std::size_t>(argc)}, known);
    return known ? code : fuzz(argc, argv);
}

}  // namespace
}  // namespace tests::fuzz

extern "C" {

const char* __asan_default_options();
const char* __ubsan_default_options();

// Of AddressSanitizer: most of a run's memory is short-lived, and the kernel has none of it.
const char* __asan_default_options() { return "malloc_context_size=4:quarantine_size_mb=16"; }

// UBSan: libFuzzer sees an abort, and keeps the input.
const char* __ubsan_default_options() { return "abort_on_error=1:print_stacktrace=1"; }

// The names that libFuzzer looks for.
std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t size_max,
                                    unsigned seed);
std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* one, std::size_t one_size,
                                      const std::uint8_t* other, std::size_t other_size,
                                      std::uint8_t* out, std::size_t size_max, unsigned seed);

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t size_max,
                                    unsigned seed) {
    tests::fuzz::Random random{seed + 1};
    tests::fuzz::Bytes sequence{data, data + size};
    tests::fuzz::mutate(sequence, size_max, random);
    std::copy(sequence.begin(), sequence.end(), data);
    return sequence.size();
}

std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* one, std::size_t one_size,
                                      const std::uint8_t* other, std::size_t other_size,
                                      std::uint8_t* out, std::size_t size_max, unsigned seed) {
    tests::fuzz::Random random{seed + 1};
    const auto made = tests::fuzz::cross({one, one_size}, {other, other_size}, size_max, random);
    std::copy(made.begin(), made.end(), out);
    return made.size();
}

}  // extern "C"

int main(int argc, char** argv) {
    try {
        return tests::fuzz::start(argc, argv);
    } catch (const std::exception& problem) {
        std::cerr << "fuzz_calls: " << problem.what() << '\n';
        return 2;
    }
}
