#include "sim/testbed/ace/workload.hpp"

#include <charconv>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include <fmt/format.h>

namespace sim::testbed::ace {

namespace {

using Words = std::vector<std::string>;

struct Form {
    Verb verb;
    std::size_t words;          ///< the verb included
    const char* expected;
};

const std::map<std::string, Form, std::less<>>& forms() {
    static const std::map<std::string, Form, std::less<>> all{
        {"mkdir", {Verb::make_directory, 3, "mkdir PATH MODE"}},
        {"open", {Verb::open, 4, "open PATH FLAGS MODE"}},
        {"opendir", {Verb::open_directory, 3, "opendir PATH MODE"}},
        {"close", {Verb::close, 2, "close PATH"}},
        {"rename", {Verb::rename, 3, "rename PATH PATH"}},
        {"link", {Verb::link, 3, "link PATH PATH"}},
        {"symlink", {Verb::symlink, 3, "symlink PATH PATH"}},
        {"unlink", {Verb::unlink, 2, "unlink PATH"}},
        {"remove", {Verb::remove, 2, "remove PATH"}},
        {"rmdir", {Verb::remove_directory, 2, "rmdir PATH"}},
        {"write", {Verb::write, 4, "write PATH OFFSET BYTES"}},
        {"dwrite", {Verb::direct_write, 4, "dwrite PATH OFFSET BYTES"}},
        {"mmapwrite", {Verb::mapped_write, 4, "mmapwrite PATH OFFSET BYTES"}},
        {"falloc", {Verb::allocate, 5, "falloc PATH FLAGS OFFSET BYTES"}},
        {"truncate", {Verb::truncate, 3, "truncate PATH SIZE"}},
        {"fsetxattr", {Verb::set_attribute, 2, "fsetxattr PATH"}},
        {"removexattr", {Verb::remove_attribute, 2, "removexattr PATH"}},
        {"fsync", {Verb::fsync, 2, "fsync PATH"}},
        {"fdatasync", {Verb::fdatasync, 2, "fdatasync PATH"}},
        {"sync", {Verb::sync, 1, "sync"}},
        {"checkpoint", {Verb::checkpoint, 2, "checkpoint NUMBER"}},
    };
    return all;
}

std::optional<std::uint64_t> number(std::string_view text, int base) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size()) return {};
    return value;
}

// "ACfoo" is "A/C/foo"; empty for a word that is no name.
std::optional<std::string> path_of(std::string_view token) {
    if (token == "test") return "";
    if (token.find('/') != token.npos) {
        if (token.front() == '/' || token.back() == '/' || token.find("//") != token.npos) {
            return {};
        }
        return std::string{token};
    }
    std::string path;
    const auto add = [&path](std::string_view part) {
        path += path.empty() ? "" : "/";
        path += part;
    };
    if (token.starts_with('A') || token.starts_with('B')) {
        add(token.substr(0, 1));
        token.remove_prefix(1);
        if (token.starts_with('C')) {
            add("C");
            token.remove_prefix(1);
        }
    }
    if (!token.empty()) add(token);
    for (const char c : token) {
        if (c < 'a' || c > 'z') return {};
    }
    return path.empty() ? std::nullopt : std::optional{path};
}

bool read_flags(std::string_view text, Statement& statement) {
    if (statement.verb == Verb::allocate && text == "0") return true;
    while (!text.empty()) {
        const std::string_view flag = text.substr(0, text.find('|'));
        text.remove_prefix(std::min(text.size(), flag.size() + 1));
        if (statement.verb == Verb::open) {
            if (flag == "O_CREAT") statement.create = true;
            if (flag == "O_TRUNC") statement.truncate = true;
            if (!flag.starts_with("O_")) return false;
            continue;
        }
        if (flag == "FALLOC_FL_KEEP_SIZE") {
            statement.keep_size = true;
        } else if (flag == "FALLOC_FL_PUNCH_HOLE") {
            statement.punch = true;
        } else if (flag == "FALLOC_FL_ZERO_RANGE") {
            statement.zero = true;
        } else {
            return false;
        }
    }
    return true;
}

bool read_numbers(const Words& words, Statement& statement) {
    const Verb verb = statement.verb;
    const bool ranged = verb == Verb::write || verb == Verb::direct_write ||
                        verb == Verb::mapped_write || verb == Verb::allocate;
    if (ranged) {
        const auto offset = number(words[words.size() - 2], 10);
        const auto bytes = number(words.back(), 10);
        if (!offset || !bytes || *bytes > write_bytes_max || *offset > write_bytes_max) {
            return false;
        }
        statement.offset = *offset;
        statement.bytes = *bytes;
    } else if (verb == Verb::truncate) {
        const auto size = number(words.back(), 10);
        if (!size || *size > write_bytes_max) return false;
        statement.bytes = *size;
    } else if (verb == Verb::make_directory || verb == Verb::open ||
               verb == Verb::open_directory) {
        const auto mode = number(words.back(), 8);
        if (!mode || *mode > 07777) return false;
        statement.mode = static_cast<std::uint32_t>(*mode);
    }
    return true;
}

std::expected<Statement, std::string> parse_statement(std::string_view text) {
    std::istringstream stream{std::string{text}};
    Words words;
    for (std::string word; stream >> word;) words.push_back(word);
    const auto form = words.empty() ? forms().end() : forms().find(words[0]);
    if (form == forms().end()) {
        std::string known;
        for (const auto& [name, unused] : forms()) known += " " + name;
        return std::unexpected(fmt::format("expected one of{}, found \"{}\"", known, text));
    }
    const auto problem = [&] {
        return std::unexpected(
            fmt::format("expected {}, found \"{}\"", form->second.expected, text));
    };
    if (words.size() != form->second.words) return problem();
    Statement statement;
    statement.verb = form->second.verb;
    statement.text = text;
    if (statement.verb == Verb::sync) return statement;
    if (statement.verb == Verb::checkpoint) {
        return number(words[1], 10) ? std::expected<Statement, std::string>{statement}
                                    : problem();
    }
    const auto path = path_of(words[1]);
    if (!path) return problem();
    statement.path = *path;
    const Verb verb = statement.verb;
    if (verb == Verb::rename || verb == Verb::link || verb == Verb::symlink) {
        const auto other = path_of(words[2]);
        if (!other) return problem();
        statement.other = *other;
    }
    if ((verb == Verb::open || verb == Verb::allocate) && !read_flags(words[2], statement)) {
        return problem();
    }
    return read_numbers(words, statement) ? std::expected<Statement, std::string>{statement}
                                          : problem();
}

}  // namespace

std::expected<Workload, std::string> parse_workload(std::string_view text, std::uint64_t line) {
    Workload workload{line, std::string{text}, {}};
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find(';', at), text.size());
        std::string_view part = text.substr(at, end - at);
        at = end + 1;
        while (part.starts_with(' ')) part.remove_prefix(1);
        while (part.ends_with(' ') || part.ends_with('\r')) part.remove_suffix(1);
        if (workload.statements.size() == statements_max) {
            return std::unexpected(fmt::format("expected at most {} statements", statements_max));
        }
        auto statement = parse_statement(part);
        if (!statement) {
            return std::unexpected(fmt::format("statement {}: {}",
                                               workload.statements.size() + 1,
                                               statement.error()));
        }
        workload.statements.push_back(std::move(*statement));
    }
    return workload;
}

std::expected<std::vector<Workload>, std::string> read_workloads(const std::string& file) {
    std::ifstream stream{file, std::ios::binary};
    if (!stream || stream.peek() == std::ifstream::traits_type::eof()) {
        return std::unexpected(
            fmt::format("{}: expected a file of workloads, one a line: cannot be read or empty",
                        file));
    }
    std::vector<Workload> all;
    std::uint64_t number = 0;
    std::size_t bytes = 0;
    for (std::string line; std::getline(stream, line);) {
        ++number;
        bytes += line.size();
        if (bytes > file_bytes_max) {
            return std::unexpected(fmt::format("{}: expected at most {} bytes", file,
                                               file_bytes_max));
        }
        if (line.empty() || line == "\r" || line.starts_with('#')) continue;
        auto workload = parse_workload(line, number);
        if (!workload) {
            return std::unexpected(fmt::format("{}:{}: {}", file, number, workload.error()));
        }
        all.push_back(std::move(*workload));
    }
    if (all.empty()) return std::unexpected(file + ": expected at least one workload");
    return all;
}

}  // namespace sim::testbed::ace
