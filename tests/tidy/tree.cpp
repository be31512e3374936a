#include "tests/tidy/tree.hpp"

#include <algorithm>
#include <fstream>

namespace tests::tidy {

namespace {

const std::filesystem::path root{CHITIN_SOURCE_DIR};

SourceFile read(const std::filesystem::path& path) {
    SourceFile file{path.lexically_relative(root).generic_string(), {}};
    std::ifstream stream{path};
    for (std::string line; std::getline(stream, line);) file.lines.push_back(line);
    return file;
}

}  // namespace

std::vector<SourceFile> source_files() {
    std::vector<SourceFile> files;
    for (const char* folder : {"kernel", "libos", "sim", "scenarios", "bench", "tests"}) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator{root / folder}) {
            const auto extension = entry.path().extension();
            if (extension == ".hpp" || extension == ".cpp" || extension == ".S" ||
                extension == ".py") {
                files.push_back(read(entry.path()));
            }
        }
    }
    std::ranges::sort(files, {}, &SourceFile::path);
    return files;
}

std::string text(const Findings& findings) {
    std::string all;
    for (const Finding& finding : findings) {
        all += finding.path + ":" + std::to_string(finding.line) + ": " + finding.what + "\n";
    }
    return all;
}

}  // namespace tests::tidy
