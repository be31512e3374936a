#pragma once

/// An extended attribute's item: lengths, name, value.

#include <cstdint>
#include <span>
#include <string_view>

#include "libos/fs/cofs/layout.hpp"

namespace libos::fs::cofs {

struct AttributeHead {
    std::uint16_t name_bytes = 0;
    std::uint16_t value_bytes = 0;
};

/// Good as long as the item.
struct AttributeView {
    std::string_view name;
    std::span<const std::byte> value;
};

/// Error::corrupt where the value is no attribute item.
inline Result<AttributeView> attribute_view(std::span<const std::byte> item) {
    if (item.size() < sizeof(AttributeHead)) return error(Error::corrupt);
    const auto head = load<AttributeHead>(item);
    const auto rest = item.subspan(sizeof head);
    const bool good = head.name_bytes >= 1 && head.name_bytes <= name_max &&
                      rest.size() == std::size_t{head.name_bytes} + head.value_bytes;
    if (!good) return error(Error::corrupt);
    return AttributeView{{reinterpret_cast<const char*>(rest.data()), head.name_bytes},
                         rest.subspan(head.name_bytes)};
}

}  // namespace libos::fs::cofs
