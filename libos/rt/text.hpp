// Text: bytes put together in a fixed buffer, and the JSON line of a result.
//
// Why: a program prints without a heap and without fmt; numbers go through <charconv>.
// Invariants: size() <= bytes_max; what does not fit is dropped and `full()` tells it.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <string_view>

#include "kernel/abi/call.hpp"

namespace libos::rt {

class Text {
public:
    static constexpr std::size_t bytes_max = kernel::abi::console_bytes_max;

    Text& add(std::string_view text) {
        for (const char c : text) put(c);
        return *this;
    }
    template <std::size_t N>
    Text& add(const char (&literal)[N]) {
        return add(std::string_view{literal, N - 1});
    }
    Text& add(bool value) { return add(std::string_view{value ? "true" : "false"}); }
    template <std::integral T>
    Text& add(T value, int base = 10) {
        char digits[72];
        const auto end = std::to_chars(digits, digits + sizeof digits, value, base).ptr;
        return add(std::string_view{digits, static_cast<std::size_t>(end - digits)});
    }

    void put(char c) {
        if (size_ == bytes_max) {
            full_ = true;
            return;
        }
        bytes_[size_++] = c;
    }

    std::string_view view() const { return {bytes_, size_}; }
    std::size_t size() const { return size_; }
    bool full() const { return full_; }

private:
    std::size_t size_ = 0;
    bool full_ = false;
    char bytes_[bytes_max];
};

// One JSON object on one line: the result of a program. Keys need no escaping.
class JsonLine {
public:
    JsonLine() { text_.put('{'); }

    template <std::integral T>
    JsonLine& add(std::string_view key, T value) {
        name(key).add(value);
        return *this;
    }
    JsonLine& add(std::string_view key, std::string_view value) {
        name(key).put('"');
        for (const char c : value) add_escaped(c);
        text_.put('"');
        return *this;
    }
    template <std::size_t N>
    JsonLine& add(std::string_view key, const char (&literal)[N]) {
        return add(key, std::string_view{literal, N - 1});
    }

    // The whole line, newline included. The line is finished then.
    std::string_view finish() { return text_.add("}\n").view(); }
    bool full() const { return text_.full(); }

private:
    Text& name(std::string_view key) {
        if (text_.size() > 1) text_.put(',');
        return text_.add("\"").add(key).add("\":");
    }

    void add_escaped(char c) {
        constexpr std::string_view digits = "0123456789abcdef";
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') text_.put('\\');
        if (byte >= 0x20) return text_.put(c);
        text_.add("\\u00").put(digits[byte >> 4]);
        text_.put(digits[byte & 15]);
    }

    Text text_;
};

}  // namespace libos::rt
