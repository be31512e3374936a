#pragma once

/// Fat: a FAT12, FAT16 or FAT32 volume as a file system of the family.
///
/// What the format has no word for: links, symbolic links, extended attributes, owners
/// (Error::not_supported); of a mode only whether the owner may write; of times two seconds of the
/// modification and the day of the access, in UTC; holes, so that a file's size is taken from the
/// volume at once. Reading does not change the time of access. The root has neither times nor
/// attributes of its own.
///
/// Invariants: what a file shows was written to it, or is zero; both copies of the table are kept;
/// an inode number stays for as long as its file does (inode_table.hpp says how), and is then
/// Error::stale until its place is used again.
/// Source: Microsoft's FAT specification 1.03.

#include "kernel/base/arena.hpp"
#include "libos/fs/fat/directory.hpp"
#include "libos/fs/fat/inode_table.hpp"
#include "libos/fs/fat/time.hpp"
#include "libos/fs/file_system.hpp"

namespace libos::fs::fat {

class Fat {
public:
    struct Options {
        /// Files that were renamed since mount() and exist, or are open: as many at once.
        std::uint32_t inodes = 4096;
        /// Where new clusters are taken from (libos/fs/choice/allocation.hpp).
        choice::Index allocation = choice::AnyAllocation::next_fit;
    };
    static constexpr std::size_t bytes(const Options& options) {
        return InodeTable::bytes(options.inodes);
    }

    /// The cache behind `blocks` outlives this; the arena has bytes(options) left.
    Fat(cache::Blocks blocks, kernel::base::Arena& arena, const Options& options)
        : volume_{blocks}, table_{volume_, options.allocation}, nodes_{arena, options.inodes} {}
    Fat(const Fat&) = delete;
    Fat& operator=(const Fat&) = delete;

    Result<void> mount();
    Result<void> unmount();
    void set_time(Timestamp now) {
        now_ = to_stamp(now);
        volume_.set_time(clock_ns(now));
    }
    [[nodiscard]] Inode root() const { return Inode{root_number}; }
    Result<SpaceInfo> space();

    Result<Inode> lookup(Inode directory, std::string_view name);
    Result<Attributes> attributes(Inode inode);
    Result<void> set_attributes(Inode inode, const AttributeChange& change);
    Result<Entry> entry(Inode directory, std::uint64_t position);

    Result<Inode> create(Inode directory, std::string_view name, const Creation& made);
    Result<Inode> make_directory(Inode directory, std::string_view name, const Creation& made);
    Result<void> unlink(Inode directory, std::string_view name);
    Result<void> remove_directory(Inode directory, std::string_view name);
    Result<void> rename(Inode from, std::string_view name, Inode to, std::string_view new_name,
                        bool replace);

    Result<Inode> symlink(Inode, std::string_view, std::string_view, const Creation&) {
        return error(Error::not_supported);
    }
    Result<std::size_t> read_link(Inode, std::span<std::byte>) { return error(Error::invalid); }
    Result<void> link(Inode, Inode, std::string_view) { return error(Error::not_supported); }

    Result<void> open(Inode inode);
    Result<void> close(Inode inode);
    Result<std::size_t> read(Inode inode, std::uint64_t offset, std::span<std::byte> into);
    Result<std::size_t> write(Inode inode, std::uint64_t offset,
                              std::span<const std::byte> from);
    Result<void> truncate(Inode inode, std::uint64_t size);
    Result<void> fsync(Inode inode, bool data_only);
    Result<void> sync();

    Result<std::size_t> get_attribute(Inode, std::string_view, std::span<std::byte>) {
        return error(Error::not_supported);
    }
    Result<void> set_attribute(Inode, std::string_view, std::span<const std::byte>) {
        return error(Error::not_supported);
    }
    Result<void> remove_attribute(Inode, std::string_view) {
        return error(Error::not_supported);
    }
    Result<std::size_t> list_attributes(Inode, std::span<std::byte>) {
        return error(Error::not_supported);
    }

    [[nodiscard]] Type type() const { return volume_.geometry().type; }
    /// The volume was not properly unmounted before it was mounted here.
    [[nodiscard]] bool was_dirty() const { return volume_.was_dirty(); }

private:
    using Place = InodeTable::Place;
    using Node = InodeTable::Node;

    static constexpr std::uint64_t root_number = 1;  // lies in the boot sector: no file's place
    static constexpr std::uint32_t depth_max = 65536;

    /// An inode that was looked up: what its slot says now.
    struct File {
        std::uint64_t number = root_number;
        Place place = InodeTable::nowhere;
        Node* node = nullptr;
        Slot slot{};

        [[nodiscard]] bool root() const { return number == root_number; }
        [[nodiscard]] bool directory() const { return root() || slot.directory(); }
        [[nodiscard]] bool nameless() const { return !root() && place == InodeTable::nowhere; }
    };

    // fat.cpp
    Result<File> resolve(Inode inode);
    Result<File> resolve_content(Inode inode);
    Result<void> save(File& file);
    Result<Directory> directory_of(const File& file);
    Result<Cluster> directory_cluster(const File& file);
    [[nodiscard]] std::uint64_t number_at(Place place) const;
    std::uint64_t number_for_new(Place place);
    void leave(Place place);
    void free_node(Node& node);
    void mark_modified(Slot& slot) const;
    Result<void> touch(File& directory);
    Result<std::uint32_t> chain_clusters(const File& file);

    // fat_names.cpp
    struct Spot;
    struct Move;
    Result<Spot> spot(Inode directory, std::string_view name);
    Result<void> found(Spot& spot);
    Result<void> absent(Spot& spot);
    Result<Place> add(Spot& spot, Slot slot);
    Result<void> fill_directory(Cluster cluster, const Slot& slot, Cluster parent);
    Result<void> remove(Directory& directory, const Listing& listing);
    Result<bool> empty_directory(const Slot& slot);
    Result<void> not_below(Cluster moving, const File& directory);
    Result<void> may_replace(const Move& move);
    Result<void> carry_out(Move& move);
    Result<Cluster> parent_of(Cluster directory);
    [[nodiscard]] Slot new_slot(const Creation& made) const;

    // fat_content.cpp
    template <class Act>
    Result<void> along(const File& file, std::uint64_t offset, std::uint64_t length, Act act);
    [[nodiscard]] std::uint32_t clusters_for(std::uint64_t size) const;
    [[nodiscard]] std::uint64_t size_possible(const File& file) const;
    [[nodiscard]] Cluster cluster_with(Place place) const;
    Result<void> make_room(File& file, std::uint64_t size);
    Result<void> zero_gap(const File& file, std::uint64_t end);

    Volume volume_;
    Table table_;
    InodeTable nodes_;
    Stamp now_ = to_stamp({});
    std::array<char, name_bytes_max> shown_{};  ///< the name of the last entry()
    bool mounted_ = false;
};

static_assert(FileSystem<Fat>);

}  // namespace libos::fs::fat
