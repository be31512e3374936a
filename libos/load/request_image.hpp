#pragma once

/// RequestImage: recorded requests, as they lie in the boot bundle: when each was due, how long it
/// was.
///
///     | magic "chreqst1" | count | due_ns[count] | size_ns[count] |    u64 each
///
/// Written by the testbed, read by programs; checked here, because a bundle is an allegation.
/// Invariants: due_ns ascends; a size is 1 .. service_ns_max.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "libos/load/service.hpp"

namespace libos::load {

class RequestImage {
public:
    static constexpr std::uint64_t magic = 0x3174'7371'6572'6863;  // "chreqst1"
    struct Header {
        std::uint64_t magic;
        std::uint64_t count;
    };

    /// Nothing if `image` is not a whole, well-formed trace. Looks at every request.
    [[nodiscard]] static std::optional<RequestImage> read(std::span<const std::byte> image) {
        if (image.size() < sizeof(Header)) return std::nullopt;
        const auto& header = *reinterpret_cast<const Header*>(image.data());
        const std::uint64_t room = (image.size() - sizeof(Header)) / sizeof(std::uint64_t) / 2;
        if (header.magic != magic || header.count == 0 || header.count > room) return std::nullopt;
        const auto* words = reinterpret_cast<const Nanoseconds*>(image.data() + sizeof(Header));
        RequestImage trace;
        trace.due_ = {words, header.count};
        trace.sizes_ = {words + header.count, header.count};
        for (std::size_t i = 0; i < header.count; ++i) {
            if (i > 0 && trace.due_[i] < trace.due_[i - 1]) return std::nullopt;
            const std::uint64_t size = trace.sizes_[i].value;
            if (size == 0 || size > service_ns_max) return std::nullopt;
        }
        return trace;
    }

    [[nodiscard]] std::uint64_t count() const { return due_.size(); }
    /// After the recording's begin.
    [[nodiscard]] std::span<const Nanoseconds> due() const { return due_; }
    [[nodiscard]] std::span<const Nanoseconds> sizes() const { return sizes_; }

private:
    RequestImage() = default;

    std::span<const Nanoseconds> due_;
    std::span<const Nanoseconds> sizes_;
};

}  // namespace libos::load
