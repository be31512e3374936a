// The host's files, to copy from and to.
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "sim/testbed/fs/tree.hpp"

namespace sim::testbed::fs {

namespace {

namespace files = std::filesystem;
using Clock = std::chrono::file_clock;

Timestamp to_timestamp(files::file_time_type time) {
    using namespace std::chrono;
    const auto since = Clock::to_sys(time).time_since_epoch();
    const auto whole = floor<seconds>(since);
    return {.seconds = whole.count(),
            .nanoseconds =
                static_cast<std::uint32_t>(duration_cast<nanoseconds>(since - whole).count())};
}

files::file_time_type to_file_time(Timestamp time) {
    using namespace std::chrono;
    const sys_time<nanoseconds> point{seconds{time.seconds} + nanoseconds{time.nanoseconds}};
    return time_point_cast<files::file_time_type::duration>(Clock::from_sys(point));
}

std::unexpected<std::string> problem(const std::string& path, const std::error_code& code) {
    return std::unexpected(path + ": " + code.message());
}

std::unexpected<std::string> last_problem(const std::string& path) {
    return problem(path, {errno != 0 ? errno : EIO, std::generic_category()});
}

class HostReader final : public Reader {
public:
    explicit HostReader(const std::string& path) : path_{path}, file_{path, std::ios::binary} {}
    [[nodiscard]] bool good() const { return file_.good(); }

    OrProblem<std::size_t> read(Bytes into) override {
        file_.read(reinterpret_cast<char*>(into.data()),
                   static_cast<std::streamsize>(into.size()));
        if (file_.bad()) return last_problem(path_);
        return static_cast<std::size_t>(file_.gcount());
    }

private:
    std::string path_;
    std::ifstream file_;
};

class HostWriter final : public Writer {
public:
    explicit HostWriter(const std::string& path)
        : path_{path}, file_{path, std::ios::binary | std::ios::trunc} {}
    [[nodiscard]] bool good() const { return file_.good(); }

    OrProblem<void> write(ConstBytes from) override {
        file_.write(reinterpret_cast<const char*>(from.data()),
                    static_cast<std::streamsize>(from.size()));
        if (!file_) return last_problem(path_);
        return {};
    }
    OrProblem<void> finish(const Facts& facts) override {
        file_.close();
        if (!file_) return last_problem(path_);
        std::error_code code;
        files::permissions(path_, static_cast<files::perms>(facts.mode & 0777), code);
        if (code) return problem(path_, code);
        files::last_write_time(path_, to_file_time(facts.modified), code);
        if (code) return problem(path_, code);
        return {};
    }

private:
    std::string path_;
    std::ofstream file_;
};

class HostTree final : public Tree {
public:
    std::string shown(const std::string& path) const override { return path; }
    bool exists(const std::string& path) override {
        std::error_code code;
        return files::exists(files::symlink_status(path, code));
    }
    OrProblem<Facts> facts(const std::string& path, bool follow) override {
        std::error_code code;
        const auto status = follow ? files::status(path, code) : files::symlink_status(path, code);
        if (code) return problem(path, code);
        Facts facts;
        facts.mode = static_cast<std::uint16_t>(status.permissions() & files::perms::mask);
        switch (status.type()) {
            case files::file_type::directory: facts.kind = Kind::directory; break;
            case files::file_type::symlink: facts.kind = Kind::symlink; return facts;
            case files::file_type::regular: facts.size = files::file_size(path, code); break;
            default:
                return std::unexpected(path + ": expected a file, a directory or a symbolic link");
        }
        const auto time = files::last_write_time(path, code);
        if (code) return problem(path, code);
        facts.modified = to_timestamp(time);
        return facts;
    }
    OrProblem<std::vector<std::string>> list(const std::string& path) override {
        std::vector<std::string> names;
        std::error_code code;
        files::directory_iterator each{path, code};
        for (; !code && each != files::directory_iterator{}; each.increment(code)) {
            names.push_back(each->path().filename().string());
        }
        if (code) return problem(path, code);
        return names;
    }
    OrProblem<std::unique_ptr<Reader>> reader(const std::string& path) override {
        errno = 0;
        auto reader = std::make_unique<HostReader>(path);
        if (!reader->good()) return last_problem(path);
        return reader;
    }
    OrProblem<std::unique_ptr<Writer>> writer(const std::string& path) override {
        errno = 0;
        auto writer = std::make_unique<HostWriter>(path);
        if (!writer->good()) return last_problem(path);
        return writer;
    }
    OrProblem<void> make_directory(const std::string& path, const Facts& facts) override {
        std::error_code code;
        if (files::is_directory(path, code)) return {};
        if (!files::create_directory(path, code) && code) return problem(path, code);
        // The owner must be able to put files into it.
        files::permissions(path, static_cast<files::perms>((facts.mode & 0777) | 0700), code);
        if (code) return problem(path, code);
        return {};
    }
    OrProblem<std::string> link_target(const std::string& path) override {
        std::error_code code;
        const auto target = files::read_symlink(path, code);
        if (code) return problem(path, code);
        return target.string();
    }
    OrProblem<void> make_link(const std::string& path, const std::string& target) override {
        std::error_code code;
        files::create_symlink(target, path, code);
        if (code) return problem(path, code);
        return {};
    }
};

}  // namespace

std::unique_ptr<Tree> host_tree() { return std::make_unique<HostTree>(); }

}  // namespace sim::testbed::fs
