#pragma once

/// A new empty folder in the host's folder for temporary files, removed with all in it at the end
/// of its life. Nobody else has its name, not even the same program in another process.

#include <filesystem>
#include <string>
#include <string_view>

namespace sim::host::file {

class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    /// False where the host could not make one; path() is empty then.
    [[nodiscard]] bool valid() const { return !path_.empty(); }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    /// The path of `name` in it, whether there is such a file or not; empty if it is not valid().
    [[nodiscard]] std::string file(std::string_view name) const {
        return valid() ? (path_ / name).string() : std::string{};
    }

private:
    std::filesystem::path path_;
};

}  // namespace sim::host::file
