#pragma once

/// What calls that returned have promised: what a crash must not take.
///
/// fsync and fdatasync of a file: its data, size, extended attributes, and every name it has at
/// that time (fdatasync: its data and size, at these names). Of a directory: exactly its names,
/// and what kind of file each is. sync: all of it. A later call that changes a file withdraws
/// what was promised of it, for a crash may find it before or after; a rename leaves the promise
/// that it is found under one of both names.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/testbed/crash/picture.hpp"

namespace sim::testbed::ace {

class Promises {
public:
    /// All that `picture` shows of the file at `path`, or of its data alone.
    void fsync(const crash::Picture& picture, const std::string& path, bool data_only);
    void sync(const crash::Picture& picture);

    /// The file at `path` is about to change, or to lose or gain a name.
    void withdraw(const crash::Picture& picture, const std::string& path);
    /// The directory that holds `path` is about to change.
    void withdraw_directory(const std::string& path);
    /// `path` and what lies below it are about to be called `new_path`.
    void move(const crash::Picture& picture, const std::string& path,
              const std::string& new_path);

    /// What `found` has lost of it, in words; empty if nothing.
    [[nodiscard]] std::string broken(const crash::Picture& found) const;
    [[nodiscard]] bool empty() const {
        return files_.empty() && directories_.empty() && either_.empty();
    }

private:
    struct Promised {
        crash::Seen seen;
        bool data_only = false;
        std::set<std::string> names;  ///< all of the file
    };
    struct Either {
        std::string path;
        std::string new_path;
        Promised promised;
    };
    using Names = std::map<std::string, libos::fs::Kind>;

    [[nodiscard]] static std::string lost(const Promised& promised, const std::string& path,
                                          const crash::Picture& found, bool exact_names);

    std::map<std::string, Promised> files_;
    std::map<std::string, Names> directories_;
    std::vector<Either> either_;
};

}  // namespace sim::testbed::ace
