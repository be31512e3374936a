// fuzz_images: libFuzzer over damaged file systems.
#include "tests/fuzz/driver.hpp"
#include "tests/fuzz/images/images_run.hpp"

namespace tests::fuzz {

const Fuzzer fuzzer{"fuzz_images", images_input_bytes_max, run_image};

}  // namespace tests::fuzz
