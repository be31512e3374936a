#include "libos/rt/program.hpp"

namespace libos::rt {

void run(const kernel::abi::StartBlock& start, const Declaration& declaration, Main main) {
    Environment environment{start, declaration};
    environment.begin();
    environment.exit(static_cast<std::uint32_t>(main(environment)));
}

}  // namespace libos::rt
