#include "tests/fuzz/driver.hpp"

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <set>
#include <string_view>
#include <vector>

#include "tests/fuzz/corpus.hpp"
#include "tests/fuzz/coverage.hpp"

extern "C" int LLVMFuzzerRunDriver(int* argc, char*** argv,
                                   int (*one)(const std::uint8_t*, std::size_t));

namespace tests::fuzz {
namespace {

namespace fs = std::filesystem;

int fuzz_one(const std::uint8_t* data, std::size_t size) {
    const std::string finding = fuzzer.run({data, size});
    if (finding.empty()) return 0;
    std::cerr << fuzzer.name << ": found: " << finding << '\n';
    std::abort();
}

int replay(const fs::path& path) {
    const std::vector<Input> all = inputs_of(path, corpus_of);
    std::size_t wrong = 0;
    for (const Input& input : all) {
        const std::string finding = fuzzer.run(input);
        if (finding.empty()) continue;
        ++wrong;
        std::cout << "found: " << finding << '\n' << hex_of(input) << '\n';
    }
    std::cout << all.size() << " inputs, " << wrong << " with findings\n";
    return wrong == 0 ? 0 : 1;
}

int unpack(const fs::path& corpus, const fs::path& folder) {
    write_inputs(corpus_of(corpus.string()), folder);
    return 0;
}

int pack(const fs::path& folder) {
    std::set<std::string> lines;
    for (const Input& input : inputs_of(folder, corpus_of)) lines.insert(hex_of(input));
    for (const std::string& line : lines) std::cout << line << '\n';
    return 0;
}

int usage(int code) {
    std::cerr << "usage: " << fuzzer.name << " [libFuzzer's options] [CORPUS FOLDER...]\n"
              << "       " << fuzzer.name << " --replay INPUT\n"
              << "       " << fuzzer.name << " --unpack FILE.corpus FOLDER\n"
              << "       " << fuzzer.name << " --pack FOLDER > FILE.corpus\n"
              << "INPUT: one input, a folder of them, or a file whose name ends in .corpus\n";
    return code;
}

int fuzz(int argc, char** argv) {
    if (!begin_coverage()) {
        std::cerr << fuzzer.name << ": what is fuzzed is compiled without coverage\n";
        return 1;
    }
    std::string needed[] = {"-timeout=20", "-rss_limit_mb=0", "-detect_leaks=0",
                            "-max_len=" + std::to_string(fuzzer.bytes_max)};
    std::vector<char*> words{argv[0]};
    for (std::string& word : needed) words.push_back(word.data());
    words.insert(words.end(), argv + 1, argv + argc);
    int count = static_cast<int>(words.size());
    words.push_back(nullptr);
    char** all = words.data();
    return LLVMFuzzerRunDriver(&count, &all, &fuzz_one);
}

int start(int argc, char** argv) {
    const std::string_view name = argc > 1 ? argv[1] : "";
    if (name == "--replay" && argc == 3) return replay(argv[2]);
    if (name == "--unpack" && argc == 4) return unpack(argv[2], argv[3]);
    if (name == "--pack" && argc == 3) return pack(argv[2]);
    if (name.starts_with("--")) return usage(name == "--help" ? 0 : 2);
    return fuzz(argc, argv);
}

}  // namespace
}  // namespace tests::fuzz

extern "C" {
const char* __asan_default_options();
const char* __ubsan_default_options();
const char* __asan_default_options() { return "malloc_context_size=4:quarantine_size_mb=16"; }
const char* __ubsan_default_options() { return "abort_on_error=1:print_stacktrace=1"; }
}

int main(int argc, char** argv) {
    try {
        return tests::fuzz::start(argc, argv);
    } catch (const std::exception& problem) {
        std::cerr << tests::fuzz::fuzzer.name << ": " << problem.what() << '\n';
        return 2;
    }
}
