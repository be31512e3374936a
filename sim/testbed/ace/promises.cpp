#include "sim/testbed/ace/promises.hpp"

#include <fmt/format.h>

namespace sim::testbed::ace {

namespace {

using crash::Picture;
using libos::fs::Kind;

std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
}

bool below(const std::string& path, const std::string& top) {
    return path == top || path.starts_with(top + "/");
}

std::set<std::string> names_of(const Picture& picture, const std::string& path) {
    std::set<std::string> names;
    const auto seen = picture.find(path);
    if (seen == picture.end()) return names;
    for (const auto& [other, file] : picture) {
        if (file.first_path == seen->second.first_path) names.insert(other);
    }
    return names;
}

std::map<std::string, Kind> entries_of(const Picture& picture, const std::string& directory) {
    std::map<std::string, Kind> entries;
    for (const auto& [path, seen] : picture) {
        if (!path.empty() && parent_of(path) == directory) entries[path] = seen.attributes.kind;
    }
    return entries;
}

std::string joined(const std::set<std::string>& names) {
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "\"" : " \"") + name + "\"";
    return all;
}

}  // namespace

void Promises::fsync(const Picture& picture, const std::string& path, bool data_only) {
    const auto seen = picture.find(path);
    if (seen == picture.end()) return;
    if (seen->second.attributes.kind == Kind::directory) {
        directories_[path] = entries_of(picture, path);
        return;
    }
    const auto names = names_of(picture, path);
    for (const std::string& name : names) {
        std::erase_if(either_, [&](const Either& e) { return e.new_path == name; });
        files_[name] = {picture.at(name), data_only, names};
    }
}

void Promises::sync(const Picture& picture) {
    either_.clear();
    for (const auto& [path, seen] : picture) fsync(picture, path, false);
}

void Promises::withdraw(const Picture& picture, const std::string& path) {
    for (const std::string& name : names_of(picture, path)) {
        files_.erase(name);
        std::erase_if(either_, [&](const Either& e) { return e.new_path == name; });
    }
    directories_.erase(path);
}

void Promises::withdraw_directory(const std::string& path) {
    directories_.erase(parent_of(path));
}

void Promises::move(const Picture& picture, const std::string& path,
                    const std::string& new_path) {
    withdraw_directory(path);
    withdraw_directory(new_path);
    if (path != new_path) withdraw(picture, new_path);
    // Moved once more before a crash: it may be under any of three names.
    std::erase_if(either_, [&](const Either& e) { return below(e.new_path, path); });
    std::set<std::string> other_names;
    for (auto file = files_.begin(); file != files_.end();) {
        if (!below(file->first, path)) {
            ++file;
            continue;
        }
        other_names.insert(file->second.names.begin(), file->second.names.end());
        either_.push_back({file->first, new_path + file->first.substr(path.size()),
                           file->second});
        file = files_.erase(file);
    }
    // Other names of what is moved stay, with another time of change.
    for (const std::string& name : other_names) {
        const auto file = files_.find(name);
        if (file == files_.end()) continue;
        either_.push_back({name, name, file->second});
        files_.erase(file);
    }
    std::erase_if(directories_, [&](const auto& entry) { return below(entry.first, path); });
}

std::string Promises::lost(const Promised& promised, const std::string& path,
                           const Picture& found, bool exact_names) {
    const auto seen = found.find(path);
    if (seen == found.end()) return fmt::format("\"{}\" is lost", path);
    if (promised.data_only) {
        if (seen->second.data != promised.seen.data) {
            return fmt::format("\"{}\" has other data ({} bytes instead of {})", path,
                               seen->second.data.size(), promised.seen.data.size());
        }
        return {};
    }
    crash::Seen now = seen->second;
    now.first_path = promised.seen.first_path;
    const std::string words = crash::difference(promised.seen, now);
    if (!words.empty()) return fmt::format("\"{}\": {}", path, words);
    if (exact_names && names_of(found, path) != promised.names) {
        return fmt::format("\"{}\" has the names {} instead of {}", path,
                           joined(names_of(found, path)), joined(promised.names));
    }
    return {};
}

std::string Promises::broken(const Picture& found) const {
    for (const auto& [path, promised] : files_) {
        const std::string words = lost(promised, path, found, true);
        if (!words.empty()) return words;
    }
    for (const Either& either : either_) {
        const bool old_there = lost(either.promised, either.path, found, false).empty();
        Promised moved = either.promised;
        // A rename may change this time.
        const auto now = found.find(either.new_path);
        if (now != found.end()) {
            moved.seen.attributes.changed = now->second.attributes.changed;
        }
        const bool new_there = lost(moved, either.new_path, found, false).empty();
        if (!old_there && !new_there) {
            return fmt::format("neither \"{}\" nor \"{}\" has what was promised", either.path,
                               either.new_path);
        }
    }
    for (const auto& [path, entries] : directories_) {
        if (!found.contains(path)) return fmt::format("directory \"{}\" is lost", path);
        const auto now = entries_of(found, path);
        for (const auto& [name, kind] : entries) {
            const auto entry = now.find(name);
            if (entry == now.end()) return fmt::format("\"{}\" is lost", name);
            if (entry->second != kind) return fmt::format("\"{}\" is of another kind", name);
        }
        for (const auto& [name, kind] : now) {
            if (!entries.contains(name)) {
                return fmt::format("\"{}\" is there again, or already", name);
            }
        }
    }
    return {};
}

}  // namespace sim::testbed::ace
