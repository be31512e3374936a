#include "sim/testbed/fs/path.hpp"

#include <vector>

#include "kernel/base/result.hpp"

namespace sim::testbed::fs {

namespace {

using libos::fs::error;

class Walk {
public:
    explicit Walk(AnyFileSystem& fs) : fs_{fs}, way_{fs.root()} {}

    Result<Inode> run(std::string path, LastLink last) {
        rest_ = std::move(path);
        for (std::string name; !(name = take_name()).empty();) {
            TRY(step(name, last));
            if (rest_.size() > path_bytes_max) return error(Error::name_too_long);
        }
        return way_.back();
    }

private:
    /// The next part of what is left to walk, without it; empty: none is left.
    std::string take_name() {
        const std::size_t begin = rest_.find_first_not_of('/');
        if (begin == std::string::npos) {
            rest_.clear();
            return {};
        }
        const std::size_t end = std::min(rest_.find('/', begin), rest_.size());
        std::string name = rest_.substr(begin, end - begin);
        rest_.erase(0, end);
        return name;
    }

    Result<void> step(const std::string& name, LastLink last) {
        const auto here = TRY(fs_.attributes(way_.back()));
        if (here.kind != Kind::directory) return error(Error::not_directory);
        if (name == ".") return {};
        if (name == "..") {
            if (way_.size() > 1) way_.pop_back();
            return {};
        }
        const Inode next = TRY(fs_.lookup(way_.back(), name));
        const Kind kind = TRY(fs_.attributes(next)).kind;
        if (kind == Kind::symlink && (!rest_.empty() || last == LastLink::follow)) {
            return follow(next);
        }
        if (kind != Kind::directory && !rest_.empty()) return error(Error::not_directory);
        way_.push_back(next);
        return {};
    }

    Result<void> follow(Inode link) {
        if (++links_ > links_max) return error(Error::symlink_loop);
        const std::string target = TRY(link_text(fs_, link));
        if (target.empty()) return error(Error::no_entry);
        if (target.front() == '/') way_.resize(1);
        rest_ = target + rest_;
        return {};
    }

    AnyFileSystem& fs_;
    std::vector<Inode> way_;
    std::string rest_;
    int links_ = 0;
};

}  // namespace

Result<std::string> link_text(AnyFileSystem& fs, Inode link) {
    std::string text(path_bytes_max, '\0');
    text.resize(TRY(fs.read_link(link, std::as_writable_bytes(std::span{text}))));
    return text;
}

Result<Inode> find(AnyFileSystem& fs, std::string_view path, LastLink last) {
    if (path.size() > path_bytes_max) return error(Error::name_too_long);
    return Walk{fs}.run(std::string{path}, last);
}

Result<Place> find_place(AnyFileSystem& fs, std::string_view path) {
    while (path.ends_with('/')) path.remove_suffix(1);
    const std::size_t slash = path.rfind('/');
    const std::size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
    const std::string name{path.substr(begin)};
    if (name.empty() || name == "." || name == "..") return error(Error::invalid);
    const Inode directory = TRY(find(fs, path.substr(0, begin)));
    if (TRY(fs.attributes(directory)).kind != Kind::directory) return error(Error::not_directory);
    return Place{directory, name};
}

}  // namespace sim::testbed::fs
