// TraceImage: whole images are read, every damaged one is refused.
#include "libos/vm/trace_image.hpp"

#include <cstring>
#include <vector>

#include <gtest/gtest.h>

namespace {

using libos::vm::TraceImage;

struct Image {
    TraceImage::Header header{TraceImage::magic, 3, 2, TraceImage::has_next_use};
    std::vector<std::uint32_t> words{0, 1 | TraceImage::write_bit, 0, 0, 2, ~0u, ~0u};

    std::vector<std::byte> bytes() const {
        std::vector<std::byte> all(sizeof header + words.size() * 4);
        std::memcpy(all.data(), &header, sizeof header);
        std::memcpy(all.data() + sizeof header, words.data(), words.size() * 4);
        return all;
    }
};

TEST(TraceImage, ReadsReferencesWritesAndNextUses) {
    const auto bytes = Image{}.bytes();
    const auto trace = TraceImage::read(bytes);
    ASSERT_TRUE(trace);
    EXPECT_EQ(trace->pages(), 2u);
    EXPECT_EQ(trace->references(), 3u);
    EXPECT_EQ(trace->page(1), 1u);
    EXPECT_TRUE(trace->write(1));
    EXPECT_FALSE(trace->write(2));
    EXPECT_EQ(trace->next_use(0), 2u);
    EXPECT_EQ(trace->next_use(1), TraceImage::never_again);
    EXPECT_TRUE(trace->knows_next_use());
}

TEST(TraceImage, WithoutNextUses) {
    Image image;
    image.header.flags = 0;
    image.words.resize(3);
    const auto bytes = image.bytes();
    const auto trace = TraceImage::read(bytes);
    ASSERT_TRUE(trace);
    EXPECT_FALSE(trace->knows_next_use());
    EXPECT_EQ(trace->next_use(0), TraceImage::never_again);
}

TEST(TraceImage, RefusesEveryShorterImage) {
    const auto bytes = Image{}.bytes();
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(TraceImage::read(std::span{bytes}.first(size))) << size;
    }
}

TEST(TraceImage, RefusesDamage) {
    auto refused = [](auto change) {
        Image image;
        change(image);
        const auto bytes = image.bytes();
        return !TraceImage::read(bytes);
    };
    EXPECT_TRUE(refused([](Image& i) { i.header.magic++; }));
    EXPECT_TRUE(refused([](Image& i) { i.header.references = ~std::uint64_t{0}; }));
    EXPECT_TRUE(refused([](Image& i) { i.header.references = std::uint64_t{1} << 62; }));
    EXPECT_TRUE(refused([](Image& i) { i.header.references = 4; }));
    EXPECT_TRUE(refused([](Image& i) { i.header.pages = 1; }));
    EXPECT_TRUE(refused([](Image& i) { i.header.pages = TraceImage::write_bit; }));
    EXPECT_TRUE(refused([](Image& i) { i.header.flags = 2; }));
}

}  // namespace
