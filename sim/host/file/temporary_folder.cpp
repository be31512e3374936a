#include "sim/host/file/temporary_folder.hpp"

#include <cstdlib>
#include <system_error>

namespace sim::host::file {

TemporaryFolder::TemporaryFolder() {
    std::error_code error;
    std::string pattern = (std::filesystem::temp_directory_path(error) / "chitin-XXXXXX").string();
    if (!error && mkdtemp(pattern.data()) != nullptr) path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    if (valid()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace sim::host::file
