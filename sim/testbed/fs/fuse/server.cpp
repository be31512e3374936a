#include "sim/testbed/fs/fuse/server.hpp"

#include <fuse_log.h>

#include <cstdarg>
#include <cstdio>
#include <memory>

#include "sim/testbed/fs/fuse/operations.hpp"

namespace sim::testbed::fs::fuse {

namespace {

/// What libfuse last complained of: it prints, we say one sentence.
std::string& complaint() {
    static std::string last;
    return last;
}

void take_complaint(fuse_log_level, const char* format, va_list values) {
    char text[512];
    std::vsnprintf(text, sizeof text, format, values);
    complaint() = text;
    while (complaint().ends_with('\n')) complaint().pop_back();
}

struct Arguments {
    ~Arguments() { fuse_opt_free_args(&all); }
    fuse_args all = FUSE_ARGS_INIT(0, nullptr);
};

struct Closer {
    void operator()(struct fuse* server) const { fuse_destroy(server); }
};
using Server = std::unique_ptr<struct fuse, Closer>;

std::unexpected<std::string> refused(const std::string& directory) {
    const std::string why = complaint().empty() ? "the host refuses" : complaint();
    return std::unexpected(directory + ": cannot mount: " + why);
}

std::expected<void, std::string> run(struct fuse& server, const std::string& directory,
                                     const std::function<void()>& ready) {
    fuse_session* const session = fuse_get_session(&server);
    if (fuse_set_signal_handlers(session) != 0) return refused(directory);
    ready();
    const int ended = fuse_loop(&server);  // a signal's number, or an error's, negative
    fuse_remove_signal_handlers(session);
    if (ended < 0) return std::unexpected(directory + ": the host ended it: " + complaint());
    return {};
}

}  // namespace

std::expected<void, std::string> serve(Volume& volume, const std::string& directory,
                                       const std::function<void()>& ready) {
    fuse_set_log_func(take_complaint);
    Arguments arguments;
    const std::string options = "subtype=chitin-" + volume.format().names.front() +
                                ",fsname=chitin" + (volume.read_only() ? ",ro" : "");
    fuse_opt_add_arg(&arguments.all, "chitin");
    fuse_opt_add_arg(&arguments.all, "-o");
    fuse_opt_add_arg(&arguments.all, options.c_str());
    const fuse_operations calls = operations();
    const Server server{fuse_new(&arguments.all, &calls, sizeof calls, &volume)};
    if (!server) return refused(directory);
    if (fuse_mount(server.get(), directory.c_str()) != 0) return refused(directory);
    const auto served = run(*server, directory, ready);
    fuse_unmount(server.get());
    return served;
}

}  // namespace sim::testbed::fs::fuse
