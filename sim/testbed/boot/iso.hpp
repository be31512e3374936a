// The ISO maker: an image that boots the kernel and a bundle under BIOS and UEFI.
#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>

namespace sim::testbed::boot {

// Writes `out` with grub-mkrescue. Errors: a missing tool (with the packages that have it), a
// file that cannot be read or written, grub-mkrescue's own last words.
std::expected<void, std::string> make_iso(const std::string& image,
                                          std::span<const std::byte> bundle,
                                          const std::string& out,
                                          const std::string& command_line = {});

}  // namespace sim::testbed::boot
