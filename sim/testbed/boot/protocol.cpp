#include "sim/testbed/boot/protocol.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace sim::testbed::boot {
namespace {

constexpr std::size_t line_bytes_max = 16384;          // 1024 bytes of output, all escaped
constexpr std::size_t cell_bytes_max = 64 << 20;       // what one cell may say
constexpr std::size_t envs_max = 65536;
constexpr std::size_t panic_bytes_max = 16384;

// The next space-separated word of `rest`, taken off.
std::string_view word(std::string_view& rest) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view first = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return first;
}

template <class Integer>
bool number(std::string_view& rest, Integer& value) {
    const std::string_view text = word(rest);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

std::optional<std::string> unescape(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            plain += text[i];
            continue;
        }
        if (++i == text.size()) return std::nullopt;
        if (text[i] == 'n') {
            plain += '\n';
        } else if (text[i] == '\\') {
            plain += '\\';
        } else if (text[i] == 'x' && i + 2 < text.size()) {
            unsigned byte = 0;
            const auto [end, error] =
                std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16);
            if (error != std::errc{} || end != text.data() + i + 3) return std::nullopt;
            plain += static_cast<char>(byte);
            i += 2;
        } else {
            return std::nullopt;
        }
    }
    return plain;
}

// {"env":"NAME"} is the runtime's first result line; it names the environment.
bool take_name(std::string_view result, std::string& name) {
    constexpr std::string_view begin = "{\"env\":\"", end = "\"}";
    if (!result.starts_with(begin) || !result.ends_with(end)) return false;
    result.remove_prefix(begin.size());
    result.remove_suffix(end.size());
    if (result.find('"') != std::string_view::npos) return false;
    name = result;
    return true;
}

}  // namespace

void ProtocolReader::feed(std::string_view bytes) {
    for (const char c : bytes) {
        if (!malformed_.empty()) return;
        if (c == '\r') continue;
        if (c == '\n') {
            line(partial_);
            partial_.clear();
        } else if (partial_.size() < line_bytes_max) {
            partial_ += c;
        } else {
            malformed_ = "a line is longer than " + std::to_string(line_bytes_max) + " bytes";
        }
    }
}

void ProtocolReader::line(std::string_view line) {
    if (!line.starts_with('#')) return;  // for people
    std::string_view rest = line.substr(1);
    const std::string_view kind = word(rest);
    if (kind == "panic" || kind == "at") {
        if (panic_.size() + line.size() < panic_bytes_max) {
            panic_ += (panic_.empty() ? "" : "\n    ") + std::string{kind == "at" ? "at " : ""} +
                      std::string{rest};
        }
        return;
    }
    if (!record(kind, rest)) {
        malformed_ = "a line that the protocol does not allow here: " + std::string{line};
    }
}

bool ProtocolReader::record(std::string_view kind, std::string_view rest) {
    if (kind == "cell") return cell(rest);
    if (kind == "text") return output(rest, false);
    if (kind == "result") return output(rest, true);
    if (kind == "env") return env(rest);
    if (kind != "done" || open_) return false;
    std::uint32_t cells = 0, failed = 0;
    done_ = number(rest, cells) && number(rest, failed) && cells == next_cell_;
    return done_;
}

bool ProtocolReader::cell(std::string_view rest) {
    std::uint32_t index = 0;
    if (!number(rest, index) || index != next_cell_) return false;
    const std::string_view what = word(rest);
    if (what == "begin") {
        if (open_) return false;
        current_ = {};
        current_.cell = index;
        outputs_.clear();
        cell_bytes_ = 0;
        open_ = true;
        return true;
    }
    auto& outcome = current_.outcome;
    std::uint32_t reason = 0;
    if (what != "end" || !open_ || !number(rest, outcome.exit_code) || !number(rest, reason) ||
        !number(rest, outcome.time_ns) || !number(rest, outcome.events) ||
        !number(rest, outcome.frames_lost)) {
        return false;
    }
    outcome.reason = static_cast<kernel::abi::EndReason>(reason);
    ++next_cell_;
    on_cell_(take_open());
    return true;
}

bool ProtocolReader::output(std::string_view rest, bool result) {
    std::uint32_t index = 0;
    std::uint16_t id = 0;
    if (!open_ || !number(rest, index) || index != next_cell_ || !number(rest, id)) return false;
    const auto plain = unescape(rest);
    if (!plain) return false;
    cell_bytes_ += plain->size();
    if (cell_bytes_ > cell_bytes_max) {
        malformed_ = "a cell printed more than 64 MiB";
        return true;
    }
    (result ? outputs_[id].results : outputs_[id].text) += *plain;
    return true;
}

bool ProtocolReader::env(std::string_view rest) {
    std::uint32_t index = 0;
    std::uint16_t id = 0;
    if (!open_ || !number(rest, index) || index != next_cell_ || !number(rest, id)) return false;
    if (current_.envs.size() == envs_max) return false;
    kernel::abi::EnvInfo info{};
    std::uint32_t state = 0, reason = 0;
    if (!number(rest, state) || !number(rest, reason) || !number(rest, info.exit_code) ||
        !number(rest, info.creator.value) || !number(rest, info.serial) ||
        !number(rest, info.account.value) || !number(rest, info.frames_used) ||
        !number(rest, info.calls) || !number(rest, info.upcalls) || !number(rest, info.faults) ||
        !number(rest, info.time_ns) || !number(rest, info.history_hash) ||
        !number(rest, info.history_events) || !number(rest, info.repossessed) ||
        !number(rest, info.released) || !rest.empty()) {
        return false;
    }
    info.state = static_cast<kernel::abi::EnvState>(state);
    info.reason = static_cast<kernel::abi::EndReason>(reason);
    engine::EnvResult result = take_env(id);
    result.info = info;
    current_.envs.push_back(std::move(result));
    return true;
}

engine::EnvResult ProtocolReader::take_env(std::uint16_t id) {
    engine::EnvResult result;
    result.id = id;
    Output& output = outputs_[id];
    result.text = std::move(output.text);
    std::string_view lines = output.results;
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size());
        const std::string_view line = lines.substr(0, end);
        if (!line.empty() && !take_name(line, result.name)) result.results.emplace_back(line);
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
    outputs_.erase(id);
    return result;
}

engine::CellResult ProtocolReader::take_open() {
    while (!outputs_.empty()) {  // environments whose end was not told
        current_.envs.push_back(take_env(outputs_.begin()->first));
    }
    std::ranges::stable_sort(current_.envs, {}, [](const engine::EnvResult& env) {
        return std::pair{engine::core_of(env), env.info.serial};
    });
    open_ = false;
    return std::move(current_);
}

}  // namespace sim::testbed::boot
