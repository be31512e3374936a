#pragma once

/// The formats of file systems that the tools know: the one place that names them all.
///
/// To add one: a function in a file of its own that returns its Format, and one line in
/// formats() (formats.cpp).

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/testbed/fs/any_file_system.hpp"
#include "sim/testbed/fs/image_device.hpp"

namespace sim::testbed::fs {

struct MakeOptions {
    std::string label;
    std::uint32_t block_size = 0;       ///< bytes of a cluster or block; 0: the format's choice
    std::optional<std::uint32_t> serial; ///< the volume's number or identity; else from the clock
};

/// Policies by name; empty: the format's choice.
struct OpenOptions {
    std::string cleaner;      ///< of log: which segments are cleaned first
    std::string replacement;  ///< of the block cache
    std::string write_back;   ///< of cofs and fat: when changed blocks are written
    std::string read_ahead;   ///< which blocks come along
    std::string allocation;   ///< of cofs and fat: where new blocks are taken from
    std::string commit;       ///< of cofs: two-flushes or one-flush
};

/// One thing that a check found.
struct CheckFinding {
    std::string where;      ///< a file's name, or empty
    std::string what;
    bool repaired = false;
};
using TellFinding = std::function<void(const CheckFinding&)>;

struct CheckSummary {
    std::uint64_t files = 0;
    std::uint64_t directories = 0;
    std::uint64_t blocks = 0;
    std::uint64_t blocks_free = 0;
};

/// Errors everywhere: one sentence without the image's name.
struct Format {
    std::vector<std::string> names;   ///< what `mkfs` calls it, the general name first
    std::string summary;
    /// Whether the device seems to hold one.
    std::function<bool(ImageDevice&)> recognises;
    /// An empty file system, of that one of `names`: what it is, in a few words.
    std::function<std::expected<std::string, std::string>(ImageDevice&, const std::string& name,
                                                          const MakeOptions&)>
        make;
    /// Not mounted yet; the device outlives it.
    std::function<std::expected<std::unique_ptr<AnyFileSystem>, std::string>(ImageDevice&,
                                                                             const OpenOptions&)>
        open;
    std::function<std::expected<CheckSummary, std::string>(ImageDevice&, bool repair,
                                                           const TellFinding&)>
        check;
};

[[nodiscard]] std::span<const Format> formats();
/// "fat, fat12, ...".
[[nodiscard]] std::string format_names();
/// Null: no format of that name.
[[nodiscard]] const Format* format_named(const std::string& name);
/// Null: no format recognises the device.
[[nodiscard]] const Format* format_of(ImageDevice& device);

}  // namespace sim::testbed::fs
