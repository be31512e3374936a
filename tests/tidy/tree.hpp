// Tree: the source files of this checkout, as lines of text.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tests::tidy {

struct SourceFile {
    std::string path;  // from the top of the tree, with '/'
    std::vector<std::string> lines;
};

// One broken rule: where, and what to do instead.
struct Finding {
    std::string path;
    std::size_t line;
    std::string what;
};
using Findings = std::vector<Finding>;

// Every *.hpp *.cpp *.S below the top-level source folders.
std::vector<SourceFile> source_files();
std::string text(const Findings& findings);

// The rules, each over one file.
Findings layering(const SourceFile& file);       // who may include whom (DESIGN: the house)
Findings conditionals(const SourceFile& file);   // no #if but in kernel/base/compiler.hpp
Findings pragma_once(const SourceFile& file);    // headers have it
Findings limits(const SourceFile& file);         // 600 lines, 100 columns
Findings banned_words(const SourceFile& file);   // names with a better replacement

// The rule over object code: no mutable globals, and no symbol from outside a group of files but
// those whose (mangled) name matches `outside`.
Findings object_code(const std::string& group, const std::vector<std::string>& files,
                     const std::string& outside);
Findings mutable_sections(const std::string& objdump_symbols, const std::string& group);
Findings foreign_symbols(const std::string& nm, const std::string& group,
                         const std::string& outside);

}  // namespace tests::tidy
