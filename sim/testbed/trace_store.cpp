#include "sim/testbed/trace_store.hpp"

#include <fmt/format.h>

#include "sim/testbed/data_file.hpp"
#include "sim/testbed/trace/read_trace.hpp"

namespace sim::testbed {

std::string TraceStore::locate(const std::string& path) const {
    namespace fs = std::filesystem;
    for (const std::string& folder : folders_) {
        std::error_code ignored;
        const fs::path candidate = fs::path{folder} / path;
        if (fs::exists(candidate, ignored)) return candidate.string();
    }
    return folders_.empty() ? path : (fs::path{folders_.front()} / path).string();
}

std::optional<std::uint32_t> TraceStore::load(const Value& path) {
    const auto [entry, fresh] = known_.try_emplace(path.text);
    if (fresh) entry->second = decode(path);
    return entry->second;
}

std::optional<std::uint32_t> TraceStore::decode(const Value& path) {
    const auto trace = trace::read_trace(locate(path.text));
    if (!trace) {
        problems_.add(path.place, fmt::format("unreadable trace: {}", trace.error().message));
        return std::nullopt;
    }
    constexpr std::size_t name_bytes_max = sizeof(kernel::abi::FileRecord::name) - 1;
    const std::string name = std::filesystem::path{path.text}.filename().string();
    auto file = make_data_file(name.substr(0, name_bytes_max), *trace);
    if (!file) {
        problems_.add(path.place, fmt::format("unusable trace: {} {}", path.text, file.error()));
        return std::nullopt;
    }
    if (files_.size() == kernel::abi::bundle_files_max / 2) {
        problems_.add(path.place, fmt::format("too many traces, expected at most {}",
                                              kernel::abi::bundle_files_max / 2));
        return std::nullopt;
    }
    files_.push_back(std::move(*file));
    return static_cast<std::uint32_t>(files_.size() - 1);
}

}  // namespace sim::testbed
