#include "sim/testbed/fs/error_text.hpp"

#include <system_error>

namespace sim::testbed::fs {

std::string text(libos::fs::Error error) {
    using libos::fs::Error;
    switch (error) {
        case Error::corrupt: return "The file system is damaged";
        case Error::not_supported: return "The file system has no word for it";
        default: return std::generic_category().message(static_cast<int>(error));
    }
}

}  // namespace sim::testbed::fs
