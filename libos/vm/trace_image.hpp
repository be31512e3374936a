// TraceImage: a recorded sequence of page references, as it lies in the boot bundle.
//
//   | magic | references | pages | flags | page[references] | pad | next[references], if flags&1 |
//     u64     u64          u32     u32     u32 each           to 8   u32 each
//
// A page word's bit 31 says that the reference wrote. next[i] is the index of the next reference
// to the same page, or 0xffffffff: never. Written by the testbed, read by programs; checked here,
// because a bundle is an allegation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace libos::vm {

class TraceImage {
public:
    static constexpr std::uint64_t magic = 0x3165'6361'7274'6863;  // "chtrace1"
    static constexpr std::uint32_t has_next_use = 1;
    static constexpr std::uint32_t write_bit = 0x8000'0000;
    static constexpr std::uint32_t never_again = 0xffff'ffff;

    struct Header {
        std::uint64_t magic;
        std::uint64_t references;
        std::uint32_t pages;
        std::uint32_t flags;
    };
    static_assert(sizeof(Header) == 24);

    // Nothing if `image` is not a whole, well-formed trace. Looks at every reference.
    static std::optional<TraceImage> read(std::span<const std::byte> image) {
        if (image.size() < sizeof(Header)) return std::nullopt;
        const auto& header = *reinterpret_cast<const Header*>(image.data());
        const std::uint64_t words_max = (image.size() - sizeof(Header)) / sizeof(std::uint32_t);
        if (header.magic != magic || header.references > words_max) return std::nullopt;
        if (header.pages >= write_bit || header.flags > has_next_use) return std::nullopt;
        const std::uint64_t padded = (header.references + 1) / 2 * 2;
        const bool next = header.flags == has_next_use;
        if (next && padded + header.references > words_max) return std::nullopt;
        const auto* words =
            reinterpret_cast<const std::uint32_t*>(image.data() + sizeof(Header));
        TraceImage trace;
        trace.pages_ = header.pages;
        trace.words_ = {words, header.references};
        if (next) trace.next_ = {words + padded, header.references};
        for (const std::uint32_t word : trace.words_) {
            if ((word & ~write_bit) >= header.pages) return std::nullopt;
        }
        return trace;
    }

    std::uint32_t pages() const { return pages_; }
    std::uint64_t references() const { return words_.size(); }
    std::uint32_t page(std::uint64_t i) const { return words_[i] & ~write_bit; }
    bool write(std::uint64_t i) const { return (words_[i] & write_bit) != 0; }
    bool knows_next_use() const { return !next_.empty() || words_.empty(); }
    std::uint32_t next_use(std::uint64_t i) const { return next_.empty() ? never_again : next_[i]; }

private:
    TraceImage() = default;

    std::uint32_t pages_ = 0;
    std::span<const std::uint32_t> words_;
    std::span<const std::uint32_t> next_;
};

}  // namespace libos::vm
