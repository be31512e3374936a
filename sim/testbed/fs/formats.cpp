#include "sim/testbed/fs/cofs_format.hpp"
#include "sim/testbed/fs/fat_format.hpp"
#include "sim/testbed/fs/format.hpp"
#include "sim/testbed/fs/log_format.hpp"

namespace sim::testbed::fs {

std::span<const Format> formats() {
    static const std::vector<Format> all{
        fat_format(),
        cofs_format(),
        log_format(),
    };
    return all;
}

std::string format_names() {
    std::string names;
    for (const Format& format : formats()) {
        for (const std::string& name : format.names) names += (names.empty() ? "" : ", ") + name;
    }
    return names;
}

const Format* format_named(const std::string& name) {
    for (const Format& format : formats()) {
        for (const std::string& known : format.names) {
            if (known == name) return &format;
        }
    }
    return nullptr;
}

const Format* format_of(ImageDevice& device) {
    for (const Format& format : formats()) {
        if (format.recognises(device)) return &format;
    }
    return nullptr;
}

}  // namespace sim::testbed::fs
