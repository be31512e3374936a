// Changes to files, announced before they are made, and what is persisted of them.
#pragma once

#include "libos/fs/checksum.hpp"
#include "scenarios/programs/persist_parts.hpp"

namespace scenarios::persist {

template <class Fs>
class Work {
public:
    Work(Environment& env, Fs& fs)
        : env_{env}, fs_{fs}, random_{number("seed")}, files_{number("files")},
          directories_{number("directories")}, bytes_max_{number("bytes")},
          sizes_{env.heap().array<std::uint32_t>(files_)},
          contents_{env.heap().array<std::byte>(std::size_t{files_} * bytes_max_)} {
        if (sizes_.empty() || contents_.empty()) env.panic("no memory for the files' contents");
        for (std::uint32_t& size : sizes_) size = absent;
    }

    void run(std::uint32_t steps, bool resume) {
        begin(resume);
        for (std::uint32_t i = 0; i < steps; ++i) step();
    }
    void persisted_all() { report_persisted("*"); }

private:
    static constexpr std::uint32_t absent = ~0u;

    std::uint32_t number(std::string_view name) const {
        return static_cast<std::uint32_t>(env_.arguments().integer(name));
    }

    // Directories; and what was there before goes, so that all that is there was announced.
    void begin(bool resume) {
        for (std::uint32_t i = 0; i < directories_; ++i) {
            Path name;
            name.add_number('d', i);
            if (resume && fs_.lookup(fs_.root(), name.view()).has_value()) continue;
            must(env_, fs_.make_directory(fs_.root(), name.view(), {}), "make_directory");
        }
        for (std::uint32_t i = 0; resume && i < files_; ++i) {
            if (!fs_.lookup(directory(i), name_of(i).view()).has_value()) continue;
            sizes_[i] = 0;
            remove(i);
        }
        must(env_, fs_.sync(), "sync");
        report_persisted("*");
    }

    void step() {
        const std::uint32_t file = random_.below(files_);
        const std::uint32_t kind = random_.below(16);
        if (kind == 15) {
            must(env_, fs_.sync(), "sync");
            return report_persisted("*");
        }
        if (sizes_[file] == absent) return rewrite(file);
        if (kind < 3) return rewrite(file);
        if (kind < 6) return overwrite(file);
        if (kind < 8) return append(file);
        if (kind == 8) return truncate(file, random_.below(sizes_[file] + 1));
        if (kind == 9) return remove(file);
        if (kind == 10) return rename(file, random_.below(files_));
        must(env_, fs_.fsync(inode(file), kind == 14), "fsync");
        report_persisted(path_of(file).view());
    }

    Path name_of(std::uint32_t file) const {
        Path name;
        name.add_number('f', file);
        return name;
    }
    Path path_of(std::uint32_t file) const {
        Path path;
        path.add_number('d', file % directories_);
        path.add("/");
        path.add(name_of(file).view());
        return path;
    }
    Inode directory(std::uint32_t file) {
        Path name;
        name.add_number('d', file % directories_);
        return must(env_, fs_.lookup(fs_.root(), name.view()), "lookup of a directory");
    }
    Inode inode(std::uint32_t file) {
        return must(env_, fs_.lookup(directory(file), name_of(file).view()), "lookup");
    }
    Memory contents(std::uint32_t file, std::uint32_t from, std::uint32_t bytes) {
        return contents_.subspan(std::size_t{file} * bytes_max_ + from, bytes);
    }

    void will(std::uint32_t file) {
        JsonLine line;
        line.add("will", path_of(file).view());
        if (sizes_[file] == absent) {
            line.add("gone", 1);
        } else {
            line.add("bytes", sizes_[file])
                .add("sum", fs::checksum(contents(file, 0, sizes_[file])));
        }
        env_.report(line);
    }
    void report_persisted(std::string_view path) {
        JsonLine line;
        line.add("persisted", path);
        env_.report(line);
    }

    void rewrite(std::uint32_t file) {
        if (sizes_[file] == absent) {
            sizes_[file] = 0;
            will(file);
            must(env_, fs_.create(directory(file), name_of(file).view(), {}), "create");
        } else {
            truncate(file, 0);
        }
        // Often small, sometimes as large as may be.
        const std::uint32_t most = random_.below(4) == 0 ? bytes_max_ : bytes_max_ / 8 + 1;
        write(file, 0, random_.below(most) + 1);
    }
    void overwrite(std::uint32_t file) {
        if (sizes_[file] == 0) return append(file);
        const std::uint32_t from = random_.below(sizes_[file]);
        write(file, from, random_.below(sizes_[file] - from) + 1);
    }
    void append(std::uint32_t file) {
        const std::uint32_t room = bytes_max_ - sizes_[file];
        if (room != 0) write(file, sizes_[file], random_.below(room) + 1);
    }

    void write(std::uint32_t file, std::uint32_t from, std::uint32_t bytes) {
        if (bytes > bytes_max_ - from) bytes = bytes_max_ - from;
        const Memory part = contents(file, from, bytes);
        Random letters{random_.below(1u << 30) + std::uint64_t{1}};
        for (std::byte& byte : part) byte = static_cast<std::byte>(letters.below(256));
        if (from + bytes > sizes_[file]) sizes_[file] = from + bytes;
        will(file);
        const auto written = must(env_, fs_.write(inode(file), from, part), "write");
        if (written != bytes) env_.panic("the disk is full");
    }
    void truncate(std::uint32_t file, std::uint32_t bytes) {
        sizes_[file] = bytes;
        will(file);
        must(env_, fs_.truncate(inode(file), bytes), "truncate");
    }
    void remove(std::uint32_t file) {
        sizes_[file] = absent;
        will(file);
        must(env_, fs_.unlink(directory(file), name_of(file).view()), "unlink");
    }
    void rename(std::uint32_t from, std::uint32_t to) {
        if (from == to) return;
        sizes_[to] = sizes_[from];
        __builtin_memcpy(contents(to, 0, sizes_[to]).data(), contents(from, 0, sizes_[to]).data(),
                         sizes_[to]);
        sizes_[from] = absent;
        will(to);
        will(from);
        must(env_,
             fs_.rename(directory(from), name_of(from).view(), directory(to), name_of(to).view(),
                        true),
             "rename");
    }

    Environment& env_;
    Fs& fs_;
    Random random_;
    std::uint32_t files_, directories_, bytes_max_;
    std::span<std::uint32_t> sizes_;
    Memory contents_;
};

}  // namespace scenarios::persist
