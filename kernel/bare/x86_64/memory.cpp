// mem*: what the compiler itself may call, in general registers only. Compiled twice: for the
// kernel and for programs. Eight bytes at a step: pages and trap frames are what is copied.
#include <cstddef>
#include <cstdint>

namespace {

// Unaligned and aliasing words, as memory is.
using Word [[gnu::may_alias, gnu::aligned(1)]] = std::uint64_t;
constexpr std::size_t step = sizeof(Word);

Word* words(void* address) { return static_cast<Word*>(address); }
const Word* words(const void* address) { return static_cast<const Word*>(address); }

}  // namespace

extern "C" {

void* memcpy(void* destination, const void* source, std::size_t size) {
    const std::size_t whole = size / step;
    for (std::size_t i = 0; i < whole; ++i) words(destination)[i] = words(source)[i];
    auto* to = static_cast<unsigned char*>(destination);
    const auto* from = static_cast<const unsigned char*>(source);
    for (std::size_t i = whole * step; i < size; ++i) to[i] = from[i];
    return destination;
}

void* memset(void* destination, int value, std::size_t size) {
    const std::uint64_t pattern = 0x0101'0101'0101'0101 * static_cast<unsigned char>(value);
    const std::size_t whole = size / step;
    for (std::size_t i = 0; i < whole; ++i) words(destination)[i] = pattern;
    auto* to = static_cast<unsigned char*>(destination);
    for (std::size_t i = whole * step; i < size; ++i) to[i] = static_cast<unsigned char>(value);
    return destination;
}

void* memmove(void* destination, const void* source, std::size_t size) {
    if (reinterpret_cast<std::uintptr_t>(destination) -
            reinterpret_cast<std::uintptr_t>(source) >= size) {
        return memcpy(destination, source, size);  // forwards is safe
    }
    auto* to = static_cast<unsigned char*>(destination);
    const auto* from = static_cast<const unsigned char*>(source);
    std::size_t left = size;
    for (; left % step != 0; --left) to[left - 1] = from[left - 1];
    for (; left > 0; left -= step) {
        *words(to + left - step) = *words(from + left - step);
    }
    return destination;
}

int memcmp(const void* left, const void* right, std::size_t size) {
    const auto* a = static_cast<const unsigned char*>(left);
    const auto* b = static_cast<const unsigned char*>(right);
    for (std::size_t i = 0; i < size; ++i) {
        if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
    }
    return 0;
}

}  // extern "C"
