// The rules over source text.
#include <map>
#include <regex>

#include "tests/tidy/tree.hpp"

namespace tests::tidy {

namespace {

using Folders = std::vector<std::string>;

// Which of our folders the files below a folder may include; the longest prefix counts. The
// folder itself is always allowed. Folders that are not listed may include anything.
const std::map<std::string, Folders>& allowed_includes() {
    static const std::map<std::string, Folders> rules = [] {
        const Folders below{"kernel/abi", "kernel/base", "kernel/machine", "kernel/x86",
                            "kernel/trace"};
        auto with = [&below](const Folders& nouns) {
            Folders all = below;
            all.insert(all.end(), nouns.begin(), nouns.end());
            return all;
        };
        return std::map<std::string, Folders>{
            {"kernel/abi", {}},
            {"kernel/base", {"kernel/abi"}},
            {"kernel/machine", {"kernel/abi", "kernel/base"}},
            {"kernel/x86", {"kernel/abi", "kernel/base"}},
            {"kernel/trace", {"kernel/abi", "kernel/base"}},
            {"kernel/mem", below},
            {"kernel/cap", with({"kernel/mem"})},
            {"kernel/mesh", with({})},
            {"kernel/drivers", with({})},
            {"kernel/env", with({"kernel/mem", "kernel/cap", "kernel/mesh"})},
            {"kernel/code", {"kernel/abi", "kernel/base"}},
            {"kernel/disk", with({"kernel/mem", "kernel/cap", "kernel/mesh", "kernel/env",
                                  "kernel/code", "kernel/drivers"})},
            {"kernel/syscall", with({"kernel/mem", "kernel/cap", "kernel/mesh", "kernel/env",
                                     "kernel/code", "kernel/drivers", "kernel/disk"})},
            {"kernel/cpu", with({"kernel/mem", "kernel/cap", "kernel/mesh", "kernel/env",
                                 "kernel/code", "kernel/drivers", "kernel/disk",
                                 "kernel/syscall", "kernel/entry.hpp"})},
            {"kernel/bare", {"kernel/abi", "kernel/base", "kernel/machine", "kernel/x86",
                             "kernel/drivers", "kernel/entry.hpp"}},
            {"libos", {"kernel/abi", "kernel/base"}},
            {"libos/fs", {"kernel/abi", "kernel/base", "libos/policy"}},
            {"libos/load", {"kernel/abi", "kernel/base"}},
            {"libos/thread", {"kernel/abi", "kernel/base", "libos/rt", "libos/sched"}},
            {"sim/engine", {"kernel/abi", "kernel/base", "kernel/machine", "kernel/trace"}},
            {"sim/machine", {"kernel/abi", "kernel/base", "kernel/machine", "kernel/x86",
                             "kernel/entry.hpp", "sim/engine", "sim/host"}},
            {"scenarios/programs", {"kernel/abi", "kernel/base", "libos"}},
        };
    }();
    return rules;
}

bool below(const std::string& path, const std::string& folder) {
    return path == folder || path.starts_with(folder + "/");
}

const std::pair<const std::string, Folders>* rule_of(const std::string& path) {
    const std::pair<const std::string, Folders>* best = nullptr;
    for (const auto& rule : allowed_includes()) {
        if (below(path, rule.first) && (!best || rule.first.size() > best->first.size())) {
            best = &rule;
        }
    }
    return best;
}

bool ours(const std::string& include) {
    for (const char* folder : {"kernel/", "libos/", "sim/", "scenarios/", "bench/", "tests/"}) {
        if (include.starts_with(folder)) return true;
    }
    return false;
}

bool for_both_machines(const std::string& path) {
    return (below(path, "kernel") && !below(path, "kernel/bare")) || below(path, "libos") ||
           below(path, "scenarios/programs");
}

std::string joined(const Folders& folders) {
    std::string all;
    for (const std::string& folder : folders) all += (all.empty() ? "" : " ") + folder;
    return all.empty() ? "nothing of ours" : all;
}

// Code alone: no comment, and nothing between quotes.
std::string code_of(const std::string& line) {
    static const std::regex quoted{R"("([^"\\]|\\.)*")"};
    const std::string bare = std::regex_replace(line, quoted, "\"\"");
    const auto at = bare.find("//");
    return at == std::string::npos ? bare : bare.substr(0, at);
}

struct Banned {
    std::regex pattern;
    const char* instead;
    bool only_both_machines;
};

const std::vector<Banned>& banned() {
    static const std::vector<Banned> list = [] {
        std::vector<Banned> all;
        auto add = [&all](const char* pattern, const char* instead, bool only) {
            all.push_back({std::regex{pattern}, instead, only});
        };
        add(R"(\b(TO)DO\b|\bFIX)" R"(ME\b|\bXX)" R"(X\b)",
            "finish it, or state the limit in a README", false);
        add(R"(\bstr(cpy|cat|cmp|len)\s*\()", "std::string_view, or mem* with a checked size",
            true);
        add(R"(\bsprintf\s*\()", "fmt::format_to", false);
        add(R"(\btemp_)" R"(directory_path\b|\bTemp)" R"(Dir\b)",
            "sim/host/file/temporary_folder.hpp: nobody else has its name", false);
        add(R"(\b(malloc|calloc|realloc)\s*\()", "memory that somebody paid for (base/arena)",
            true);
        add(R"(\bnew\s+[A-Z])", "an object in a frame, or base/arena", true);
        add(R"(\b[sf]?printf\s*\()", "the console, or libos/rt/text.hpp", true);
        add(R"(\bstd::(mutex|thread|string|vector|map|function|shared_ptr|unique_ptr)\b)",
            "fixed storage: there is no heap here", true);
        add(R"(\bvirtual\b)", "a concept, or a choice by include path", true);
        add(R"(\b(throw|try)\b\s*[;{(]?)", "a Status", true);
        return all;
    }();
    return list;
}

}  // namespace

Findings layering(const SourceFile& file) {
    static const std::regex include{R"(^\s*#\s*include\s+\"([^\"]+)\")"};
    Findings findings;
    const auto* rule = rule_of(file.path);
    if (rule == nullptr) return findings;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
        std::smatch match;
        if (!std::regex_search(file.lines[i], match, include) || !ours(match[1])) continue;
        bool allowed = below(match[1], rule->first);
        for (const std::string& folder : rule->second) allowed |= below(match[1], folder);
        if (!allowed) {
            findings.push_back({file.path, i + 1,
                                "includes " + match[1].str() + "; " + rule->first +
                                    " may include " + joined(rule->second)});
        }
    }
    return findings;
}

Findings conditionals(const SourceFile& file) {
    static const std::regex conditional{R"(^\s*#\s*(if|ifdef|ifndef|elif)\b)"};
    Findings findings;
    if (file.path == "kernel/base/compiler.hpp") return findings;
    if (!below(file.path, "kernel") && !for_both_machines(file.path)) return findings;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
        if (std::regex_search(file.lines[i], conditional)) {
            findings.push_back({file.path, i + 1,
                                "conditional compilation: let the build choose the file"});
        }
    }
    return findings;
}

Findings pragma_once(const SourceFile& file) {
    if (!file.path.ends_with(".hpp")) return {};
    for (const std::string& line : file.lines) {
        if (line == "#pragma once") return {};
    }
    return {{file.path, 1, "no \"#pragma once\""}};
}

Findings limits(const SourceFile& file) {
    constexpr std::size_t lines_max = 600;
    constexpr std::size_t columns_max = 100;
    Findings findings;
    if (file.lines.size() > lines_max) {
        findings.push_back({file.path, lines_max + 1, "over 600 lines: one noun a file"});
    }
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
        if (file.lines[i].size() > columns_max) {
            findings.push_back({file.path, i + 1, "over 100 columns"});
        }
    }
    return findings;
}

Findings banned_words(const SourceFile& file) {
    Findings findings;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
        for (const Banned& word : banned()) {
            if (word.only_both_machines && !for_both_machines(file.path)) continue;
            if (file.path == "sim/host/file/temporary_folder.cpp") continue;  // makes them
            const std::string line =
                word.only_both_machines ? code_of(file.lines[i]) : file.lines[i];
            std::smatch match;
            if (std::regex_search(line, match, word.pattern)) {
                findings.push_back({file.path, i + 1,
                                    "\"" + match[0].str() + "\": use " + word.instead});
            }
        }
    }
    return findings;
}

}  // namespace tests::tidy
