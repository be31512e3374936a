// Qemu: one virtual machine, from its start to its end, and what its cells gave.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sim/host/child/child.hpp"
#include "sim/host/file/temporary_folder.hpp"
#include "sim/testbed/boot/bundle_part.hpp"
#include "sim/testbed/boot/protocol.hpp"
#include "sim/testbed/boot/run_bare.hpp"

namespace sim::testbed::boot {

class Qemu {
public:
    // Starts a machine for `part` of `bundle`. Errors: as run_bare.
    static std::expected<std::unique_ptr<Qemu>, std::string> start(
        std::span<const std::byte> bundle, CellRange part, const BareOptions& options);

    host::child::Child& child() { return child_; }

    // Reads what is there and looks at the time limit. False: the machine is at its end.
    bool step();

    // The finished cells since the last time, numbered as in the whole bundle. Cells whose
    // events are traced are finished when the machine has ended.
    std::vector<engine::CellResult> take_finished();

    // After the end: the cells behind the one that failed, if one did.
    CellRange left() const { return left_; }

private:
    Qemu(host::child::Child child, CellRange part, const BareOptions& options);
    void log(const std::string& text) const;
    void end(const std::string& why);
    void fail_current(const std::string& why);
    void read_events();

    host::child::Child child_;
    std::unique_ptr<host::file::TemporaryFolder> folder_;
    const BareOptions& options_;
    CellRange part_;
    CellRange left_{};
    ProtocolReader reader_;
    std::vector<engine::CellResult> finished_;
    std::vector<bool> traced_;
    double begun_;       // host time the current cell began
    std::uint32_t ended_cells_ = 0;
    bool excess_ = false;
    bool over_ = false;
};

}  // namespace sim::testbed::boot
