#pragma once

/// Dma: a device's way to the machine's memory, and to say what is wrong with what it was told.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

namespace sim::machine::disk {

class Dma {
public:
    /// `first` is the physical address of the first byte of `ram`. The first complaint is kept in
    /// `problem`.
    Dma(std::span<std::byte> ram, std::uint64_t first, std::string& problem)
        : ram_{ram}, first_{first}, problem_{problem} {}

    /// Nothing: not all of it is memory.
    [[nodiscard]] std::optional<std::span<std::byte>> at(std::uint64_t address,
                                                         std::uint64_t bytes) const {
        const std::uint64_t offset = address - first_;
        if (address < first_ || offset > ram_.size() || bytes > ram_.size() - offset) {
            return std::nullopt;
        }
        return ram_.subspan(offset, bytes);
    }

    /// One machine's memory is one thread's: a core that runs sees all of it or nothing.
    template <class T>
    [[nodiscard]] std::optional<T> load(std::uint64_t address) const {
        static_assert(std::is_trivially_copyable_v<T>);
        const auto bytes = at(address, sizeof(T));
        if (!bytes) return std::nullopt;
        T value;
        std::memcpy(&value, bytes->data(), sizeof value);
        return value;
    }
    template <class T>
    bool store(std::uint64_t address, const T& value) const {
        static_assert(std::is_trivially_copyable_v<T>);
        const auto bytes = at(address, sizeof(T));
        if (bytes) std::memcpy(bytes->data(), &value, sizeof value);
        return bytes.has_value();
    }

    void complain(std::string what) const {
        if (problem_.empty()) problem_ = std::move(what);
    }

private:
    std::span<std::byte> ram_;
    std::uint64_t first_;
    std::string& problem_;
};

}  // namespace sim::machine::disk
