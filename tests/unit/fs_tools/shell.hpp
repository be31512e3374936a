// Shell scripts around the built command, in a folder of their own.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "sim/host/file/temporary_folder.hpp"
#include "sim/host/process/command.hpp"

namespace tests::fs_tools {

class Shell : public testing::Test {
protected:
    struct Ran {
        int status = -1;
        std::string output;  // standard error too
    };

    // `chitin` is the built command.
    [[nodiscard]] Ran run(const std::string& script) const {
        const std::string all = "exec 2>&1; cd '" + folder_.string() + "' || exit 99\n" +
                                "export LC_ALL=C.UTF-8 PATH=\"$PATH:/sbin:/usr/sbin\"\n" +
                                "chitin() { '" + CHITIN_TOOL + "' \"$@\"; }\n" + script;
        sim::host::process::CommandEnd end;
        auto output = sim::host::process::output_of({"timeout", "120", "sh", "-c", all}, end);
        return {end.status, output.value_or("")};
    }

private:
    sim::host::file::TemporaryFolder temporary_;

protected:
    std::filesystem::path folder_ = temporary_.path();
};

}  // namespace tests::fs_tools
