// Two cores send each other requests and replies, ten rings full of them.
#include "tests/unit/mesh/talk.hpp"

using namespace tests::mesh;

int main() {
    constexpr std::uint32_t rounds = 320;
    const std::string error = talk(2, [](Core& core, Mesh& mesh) {
        Message message{};
        for (std::uint32_t i = 0; i < rounds; ++i) {
            if (mesh.self() == 0) mesh.send(1, message_of(MessageKind::wake, i));
            receive(core, mesh, message);
            if (mesh.self() == 1) mesh.send(0, message_of(MessageKind::woken, message.a));
        }
    });
    return error.empty() ? 0 : 1;
}
