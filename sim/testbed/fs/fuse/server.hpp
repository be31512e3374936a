#pragma once

/// The FUSE server: a volume as a directory of the host, for every program to use.
///
/// Why by path: the host's kernel walks paths through its own caches, and asks for whole ones;
/// numbers are only kept for files that are open. One request at a time, as file systems here
/// expect.

#include <functional>

#include "sim/testbed/fs/volume.hpp"

namespace sim::testbed::fs::fuse {

/// Serves `volume` at `directory` until SIGINT, SIGTERM, SIGHUP or an unmount from outside.
/// `ready` is called when the directory shows the volume. Errors: one sentence: it cannot be
/// mounted, and why.
std::expected<void, std::string> serve(Volume& volume, const std::string& directory,
                                       const std::function<void()>& ready);

}  // namespace sim::testbed::fs::fuse
