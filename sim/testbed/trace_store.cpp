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

std::optional<std::uint32_t> TraceStore::load(const Value& path, Kind kind) {
    const auto [entry, fresh] = known_.try_emplace({path.text, kind});
    if (fresh) entry->second = decode(path, kind);
    return entry->second;
}

std::expected<DataFile, std::string> TraceStore::read(const std::string& path, Kind kind) const {
    constexpr std::size_t name_bytes_max = sizeof(kernel::abi::FileRecord::name) - 1;
    const std::string name =
        std::filesystem::path{path}.filename().string().substr(0, name_bytes_max);
    if (kind == Kind::requests) {
        const auto requests = trace::read_requests(locate(path));
        if (!requests) return std::unexpected("unreadable trace: " + requests.error().message);
        return make_request_file(name, *requests);
    }
    const auto trace = trace::read_trace(locate(path));
    if (!trace) return std::unexpected("unreadable trace: " + trace.error().message);
    auto file = make_data_file(name, *trace);
    if (!file) return std::unexpected(fmt::format("unusable trace: {} {}", path, file.error()));
    return file;
}

std::optional<std::uint32_t> TraceStore::decode(const Value& path, Kind kind) {
    auto file = read(path.text, kind);
    if (!file) {
        problems_.add(path.place, file.error());
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
