// Talk: machines whose cores are nothing but meshes, for the tests of rings.
#pragma once

#include <functional>
#include <string>

#include "kernel/mesh/mesh.hpp"
#include "sim/machine/machine.hpp"

namespace tests::mesh {

using kernel::abi::Instant;
using kernel::abi::Nanoseconds;
using kernel::machine::Core;
using kernel::mesh::Mesh;
using kernel::mesh::Message;
using kernel::mesh::MessageKind;

// Runs `body` on each of `cores` cores; what went wrong, or nothing.
inline std::string talk(std::uint32_t cores, const std::function<void(Core&, Mesh&)>& body) {
    kernel::abi::CellRecord cell{};
    cell.cores = cores;
    cell.pool_frames = cores * 8;
    cell.costs.latency = 1000;
    auto machine = sim::machine::Machine::create(
        {.bundle = {}, .cell = cell, .cell_index = 0, .programs = {}, .options = {}});
    if (!machine) return machine.error();
    return machine
        ->run([&](Core& core, const kernel::machine::BootInfo& boot) {
            Mesh mesh{core, boot};
            body(core, mesh);
            return kernel::machine::Outcome{};
        })
        .error;
}

// Waits for the first message and takes it; which core it is from.
inline std::uint32_t receive(Core& core, Mesh& mesh, Message& message) {
    for (;;) {
        const Instant arrival = mesh.first_arrival();
        if (arrival != kernel::abi::never && core.synchronise(arrival) > arrival) {
            core.idle_until(arrival);
            return mesh.take(message);
        }
        if (arrival == kernel::abi::never) core.synchronise(arrival);
    }
}

inline Message message_of(MessageKind kind, std::uint32_t a) {
    Message message{};
    message.kind = kind;
    message.a = a;
    return message;
}

}  // namespace tests::mesh
