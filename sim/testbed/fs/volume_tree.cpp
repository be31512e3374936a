// A volume's files, to copy from and to.
#include "sim/testbed/fs/error_text.hpp"
#include "sim/testbed/fs/path.hpp"
#include "sim/testbed/fs/tree.hpp"

namespace sim::testbed::fs {

namespace {

class VolumeReader final : public Reader {
public:
    VolumeReader(AnyFileSystem& fs, Inode inode, std::string name)
        : fs_{fs}, inode_{inode}, name_{std::move(name)} {}

    OrProblem<std::size_t> read(Bytes into) override {
        const auto got = fs_.read(inode_, offset_, into);
        if (!got) return std::unexpected(name_ + ": " + text(got.error()));
        offset_ += *got;
        return *got;
    }

private:
    AnyFileSystem& fs_;
    Inode inode_;
    std::string name_;
    std::uint64_t offset_ = 0;
};

class VolumeWriter final : public Writer {
public:
    VolumeWriter(AnyFileSystem& fs, Inode inode, std::string name)
        : fs_{fs}, inode_{inode}, name_{std::move(name)} {}

    OrProblem<void> write(ConstBytes from) override {
        while (!from.empty()) {
            const auto put = fs_.write(inode_, offset_, from);
            if (!put) return std::unexpected(name_ + ": " + text(put.error()));
            offset_ += *put;
            from = from.subspan(*put);
        }
        return {};
    }
    OrProblem<void> finish(const Facts& facts) override {
        AttributeChange change;
        change.has_mode = change.has_modified = true;
        change.mode = facts.mode;
        change.modified = facts.modified;
        const auto done = fs_.set_attributes(inode_, change);
        if (done || done.error() == Error::not_supported) return {};
        return std::unexpected(name_ + ": " + text(done.error()));
    }

private:
    AnyFileSystem& fs_;
    Inode inode_;
    std::string name_;
    std::uint64_t offset_ = 0;
};

class VolumeTree final : public Tree {
public:
    VolumeTree(AnyFileSystem& fs, std::string image) : fs_{fs}, image_{std::move(image)} {}

    std::string shown(const std::string& path) const override {
        return image_ + ":" + (path.starts_with('/') ? "" : "/") + path;
    }
    bool exists(const std::string& path) override {
        return find(fs_, path, LastLink::keep).has_value();
    }
    OrProblem<Facts> facts(const std::string& path, bool follow) override {
        const auto inode = find(fs_, path, follow ? LastLink::follow : LastLink::keep);
        if (!inode) return problem(path, inode.error());
        const auto attributes = fs_.attributes(*inode);
        if (!attributes) return problem(path, attributes.error());
        return Facts{.kind = attributes->kind,
                     .mode = attributes->mode,
                     .size = attributes->size,
                     .modified = attributes->modified};
    }
    OrProblem<std::vector<std::string>> list(const std::string& path) override {
        const auto inode = find(fs_, path);
        if (!inode) return problem(path, inode.error());
        std::vector<std::string> names;
        for (std::uint64_t position = 0;;) {
            const auto entry = fs_.entry(*inode, position);
            if (!entry && entry.error() == Error::no_entry) return names;
            if (!entry) return problem(path, entry.error());
            names.emplace_back(entry->name);
            position = entry->next;
        }
    }
    OrProblem<std::unique_ptr<Reader>> reader(const std::string& path) override {
        const auto inode = find(fs_, path);
        if (!inode) return problem(path, inode.error());
        return std::make_unique<VolumeReader>(fs_, *inode, shown(path));
    }
    OrProblem<std::unique_ptr<Writer>> writer(const std::string& path) override {
        const auto inode = file_for_writing(path);
        if (!inode) return problem(path, inode.error());
        return std::make_unique<VolumeWriter>(fs_, *inode, shown(path));
    }
    OrProblem<void> make_directory(const std::string& path, const Facts& facts) override {
        const auto known = find(fs_, path);
        if (known) {
            const auto attributes = fs_.attributes(*known);
            const bool fits = attributes && attributes->kind == Kind::directory;
            if (fits) return {};
            return problem(path, attributes ? Error::not_directory : attributes.error());
        }
        const auto place = find_place(fs_, path);
        if (!place) return problem(path, place.error());
        const auto made =
            fs_.make_directory(place->directory, place->name, {.mode = facts.mode});
        if (!made) return problem(path, made.error());
        return {};
    }
    OrProblem<std::string> link_target(const std::string& path) override {
        const auto inode = find(fs_, path, LastLink::keep);
        if (!inode) return problem(path, inode.error());
        const auto target = link_text(fs_, *inode);
        if (!target) return problem(path, target.error());
        return *target;
    }
    OrProblem<void> make_link(const std::string& path, const std::string& target) override {
        const auto place = find_place(fs_, path);
        if (!place) return problem(path, place.error());
        const auto made =
            fs_.symlink(place->directory, place->name, target, {.mode = 0777});
        if (!made) return problem(path, made.error());
        return {};
    }

private:
    std::unexpected<std::string> problem(const std::string& path, Error error) const {
        return std::unexpected(shown(path) + ": " + text(error));
    }
    Result<Inode> file_for_writing(const std::string& path) {
        const auto known = find(fs_, path);
        if (known) {
            const auto emptied = fs_.truncate(*known, 0);
            if (!emptied) return libos::fs::error(emptied.error());
            return *known;
        }
        if (known.error() != Error::no_entry) return known;
        const auto place = find_place(fs_, path);
        if (!place) return libos::fs::error(place.error());
        return fs_.create(place->directory, place->name, {});
    }

    AnyFileSystem& fs_;
    std::string image_;
};

}  // namespace

std::unique_ptr<Tree> volume_tree(AnyFileSystem& fs, std::string image) {
    return std::make_unique<VolumeTree>(fs, std::move(image));
}

}  // namespace sim::testbed::fs
