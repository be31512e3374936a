#include "tests/unit/fs_model/reference.hpp"

#include <algorithm>
#include <cstring>

#include "kernel/base/result.hpp"

namespace tests::fs_model {

namespace {

constexpr std::uint64_t size_max = std::uint64_t{1} << 60;

Result<void> check_name(std::string_view name) {
    if (name.empty() || name == "." || name == "..") return error(Error::invalid);
    if (name.find('/') != name.npos || name.find('\0') != name.npos) return error(Error::invalid);
    if (name.size() > 255) return error(Error::name_too_long);
    return {};
}

Result<void> check_attribute_name(std::string_view name) {
    if (name.empty() || name.size() > 255) return error(Error::range);
    if (name.find('\0') != name.npos) return error(Error::invalid);
    return {};
}

Result<void> check_range(std::uint64_t offset, std::uint64_t bytes) {
    if (offset > size_max || bytes > size_max - offset) return error(Error::file_too_big);
    return {};
}

}  // namespace

Reference::Reference() {
    Node& root = nodes_[Inode{1}];
    root.attributes.inode = Inode{1};
    root.attributes.kind = Kind::directory;
    root.attributes.mode = 0755;
    root.attributes.links = 2;
}

Result<void> Reference::mount() {
    for (auto node = nodes_.begin(); node != nodes_.end();) {
        node->second.opened = 0;
        node = node->second.attributes.links == 0 ? nodes_.erase(node) : std::next(node);
    }
    return {};
}

Result<Reference::Node*> Reference::find(Inode inode) {
    const auto node = nodes_.find(inode);
    if (node == nodes_.end()) return error(Error::stale);
    return &node->second;
}

Result<Reference::Node*> Reference::directory(Inode inode) {
    Node* const node = TRY(find(inode));
    if (node->attributes.kind != Kind::directory) return error(Error::not_directory);
    return node;
}

Result<Reference::Node*> Reference::living(Inode inode) {
    Node* const node = TRY(directory(inode));
    if (node->attributes.links == 0) return error(Error::no_entry);
    return node;
}

Result<Reference::Node*> Reference::regular(Inode inode) {
    Node* const node = TRY(find(inode));
    if (node->attributes.kind == Kind::directory) return error(Error::is_directory);
    if (node->attributes.kind != Kind::file) return error(Error::invalid);
    return node;
}

void Reference::touch(Node& node, bool modified) {
    node.attributes.changed = now_;
    if (modified) node.attributes.modified = now_;
}

Result<Inode> Reference::lookup(Inode parent, std::string_view name) {
    TRY(check_name(name));
    const Node* const node = TRY(directory(parent));
    const auto found = node->names.find(name);
    if (found == node->names.end()) return error(Error::no_entry);
    return found->second;
}

Result<Attributes> Reference::attributes(Inode inode) { return TRY(find(inode))->attributes; }

Result<void> Reference::set_attributes(Inode inode, const AttributeChange& change) {
    if (change.has_accessed && change.accessed.nanoseconds >= 1'000'000'000) {
        return error(Error::invalid);
    }
    if (change.has_modified && change.modified.nanoseconds >= 1'000'000'000) {
        return error(Error::invalid);
    }
    Node* const node = TRY(find(inode));
    touch(*node, false);
    if (change.has_mode) node->attributes.mode = change.mode & 07777;
    if (change.has_owner) {
        node->attributes.user = change.user;
        node->attributes.group = change.group;
    }
    if (change.has_accessed) node->attributes.accessed = change.accessed;
    if (change.has_modified) node->attributes.modified = change.modified;
    return {};
}

// The position is the number of names before.
Result<Entry> Reference::entry(Inode parent, std::uint64_t position) {
    const Node* const node = TRY(directory(parent));
    if (position >= node->names.size()) return error(Error::no_entry);
    const auto& [name, inode] = *std::next(node->names.begin(), position);
    entry_name_ = name;
    return Entry{entry_name_, inode, nodes_.at(inode).attributes.kind, position + 1};
}

Result<Inode> Reference::make(Inode parent, std::string_view name, Kind kind,
                              std::string_view target, const Creation& made) {
    TRY(check_name(name));
    Node* const node = TRY(living(parent));
    if (node->names.contains(name)) return error(Error::exists);
    const Inode inode{next_++};
    node->names.emplace(name, inode);
    touch(*node, true);
    if (kind == Kind::directory) ++node->attributes.links;
    Node& fresh = nodes_[inode];
    fresh.parent = parent;
    fresh.target = target;
    fresh.attributes = {.inode = inode,
                        .kind = kind,
                        .mode = static_cast<std::uint16_t>(made.mode & 07777),
                        .links = kind == Kind::directory ? 2u : 1u,
                        .user = made.user,
                        .group = made.group,
                        .size = target.size(),
                        .blocks = 0,
                        .accessed = now_,
                        .modified = now_,
                        .changed = now_};
    return inode;
}

Result<Inode> Reference::create(Inode parent, std::string_view name, const Creation& made) {
    return make(parent, name, Kind::file, {}, made);
}

Result<Inode> Reference::make_directory(Inode parent, std::string_view name,
                                        const Creation& made) {
    return make(parent, name, Kind::directory, {}, made);
}

Result<Inode> Reference::symlink(Inode parent, std::string_view name, std::string_view target,
                                 const Creation& made) {
    if (target.empty()) return error(Error::no_entry);
    if (target.size() > 4095) return error(Error::name_too_long);
    return make(parent, name, Kind::symlink, target, made);
}

Result<std::size_t> Reference::read_link(Inode inode, std::span<std::byte> into) {
    const Node* const node = TRY(find(inode));
    if (node->attributes.kind != Kind::symlink) return error(Error::invalid);
    const std::size_t part = std::min(into.size(), node->target.size());
    std::memcpy(into.data(), node->target.data(), part);
    return part;
}

Result<void> Reference::link(Inode inode, Inode parent, std::string_view name) {
    TRY(check_name(name));
    Node* const to = TRY(living(parent));
    Node* const node = TRY(find(inode));
    if (node->attributes.kind == Kind::directory) return error(Error::not_permitted);
    if (to->names.contains(name)) return error(Error::exists);
    if (node->attributes.links == 0) return error(Error::no_entry);
    ++node->attributes.links;
    touch(*node, false);
    to->names.emplace(name, inode);
    touch(*to, true);
    return {};
}

// One name less.
void Reference::drop(Inode inode, bool directory) {
    Node& node = nodes_.at(inode);
    touch(node, false);
    node.attributes.links = directory ? 0 : node.attributes.links - 1;
    if (node.attributes.links == 0 && node.opened == 0) nodes_.erase(inode);
}

Result<void> Reference::unlink(Inode parent, std::string_view name) {
    TRY(check_name(name));
    Node* const node = TRY(living(parent));
    const auto found = node->names.find(name);
    if (found == node->names.end()) return error(Error::no_entry);
    const Inode inode = found->second;
    if (nodes_.at(inode).attributes.kind == Kind::directory) return error(Error::is_directory);
    node->names.erase(found);
    touch(*node, true);
    drop(inode, false);
    return {};
}

Result<void> Reference::remove_directory(Inode parent, std::string_view name) {
    TRY(check_name(name));
    Node* const node = TRY(living(parent));
    const auto found = node->names.find(name);
    if (found == node->names.end()) return error(Error::no_entry);
    const Inode inode = found->second;
    const Node& gone = nodes_.at(inode);
    if (gone.attributes.kind != Kind::directory) return error(Error::not_directory);
    if (!gone.names.empty()) return error(Error::not_empty);
    node->names.erase(found);
    --node->attributes.links;
    touch(*node, true);
    drop(inode, true);
    return {};
}

Result<void> Reference::rename(Inode from, std::string_view name, Inode to,
                               std::string_view new_name, bool replace) {
    TRY(check_name(name));
    TRY(check_name(new_name));
    Node* const source = TRY(living(from));
    Node* const target = TRY(living(to));
    const auto old = source->names.find(name);
    if (old == source->names.end()) return error(Error::no_entry);
    const auto taken = target->names.find(new_name);
    const bool replaces = taken != target->names.end();
    if (replaces && !replace) return error(Error::exists);
    const Inode inode = old->second;
    Node& moved = nodes_.at(inode);
    const bool directory = moved.attributes.kind == Kind::directory;
    for (Inode at = to; directory && at != Inode{}; at = nodes_.at(at).parent) {
        if (at == inode) return error(Error::invalid);
    }
    if (replaces) {
        const Inode gone = taken->second;
        if (gone == inode) return {};
        const Node& other = nodes_.at(gone);
        const bool onto_directory = other.attributes.kind == Kind::directory;
        if (directory && !onto_directory) return error(Error::not_directory);
        if (!directory && onto_directory) return error(Error::is_directory);
        if (onto_directory && !other.names.empty()) return error(Error::not_empty);
        if (onto_directory) --target->attributes.links;
        target->names.erase(taken);
        drop(gone, onto_directory);
    }
    source->names.erase(source->names.find(name));
    target->names.emplace(new_name, inode);
    if (directory) {
        --source->attributes.links;
        ++target->attributes.links;
    }
    moved.parent = to;
    touch(moved, false);
    touch(*source, true);
    touch(*target, true);
    return {};
}

Result<void> Reference::open(Inode inode) {
    ++TRY(find(inode))->opened;
    return {};
}

Result<void> Reference::close(Inode inode) {
    const auto node = nodes_.find(inode);
    if (node == nodes_.end() || node->second.opened == 0) return error(Error::invalid);
    if (--node->second.opened == 0 && node->second.attributes.links == 0) nodes_.erase(node);
    return {};
}

Result<std::size_t> Reference::read(Inode inode, std::uint64_t offset,
                                    std::span<std::byte> into) {
    const Node* const node = TRY(regular(inode));
    if (offset >= node->attributes.size) return 0;
    const std::size_t all =
        std::min<std::uint64_t>(into.size(), node->attributes.size - offset);
    for (std::size_t done = 0; done < all;) {
        const std::uint64_t at = (offset + done) % page_bytes;
        const std::size_t part = std::min<std::size_t>(all - done, page_bytes - at);
        const auto page = node->pages.find((offset + done) / page_bytes);
        if (page == node->pages.end()) {
            std::memset(into.data() + done, 0, part);
        } else {
            std::memcpy(into.data() + done, page->second.data() + at, part);
        }
        done += part;
    }
    return all;
}

// Writes, or zeroes where `from` is null (pages that are not there stay away).
void Reference::fill(Node& node, std::uint64_t offset, std::uint64_t bytes,
                     const std::byte* from) {
    for (std::uint64_t done = 0; done < bytes;) {
        const std::uint64_t index = (offset + done) / page_bytes;
        const std::uint64_t at = (offset + done) % page_bytes;
        const std::uint64_t part = std::min(bytes - done, page_bytes - at);
        auto page = node.pages.find(index);
        if (from != nullptr) {
            if (page == node.pages.end()) {
                page = node.pages.emplace(index, std::string(page_bytes, '\0')).first;
            }
            std::memcpy(page->second.data() + at, from + done, part);
        } else if (page == node.pages.end()) {
            page = node.pages.upper_bound(index);
            if (page == node.pages.end()) return;
            const std::uint64_t next = page->first * page_bytes;
            if (next >= offset + bytes) return;
            done = next - offset;
            continue;
        } else {
            std::memset(page->second.data() + at, 0, part);
        }
        done += part;
    }
}

Result<std::size_t> Reference::write(Inode inode, std::uint64_t offset,
                                     std::span<const std::byte> from) {
    Node* const node = TRY(regular(inode));
    if (from.empty()) return 0;
    TRY(check_range(offset, from.size()));
    fill(*node, offset, from.size(), from.data());
    node->attributes.size = std::max(node->attributes.size, offset + from.size());
    touch(*node, true);
    return from.size();
}

Result<void> Reference::truncate(Inode inode, std::uint64_t size) {
    Node* const node = TRY(regular(inode));
    if (size > size_max) return error(Error::file_too_big);
    if (size < node->attributes.size) {
        fill(*node, size, node->attributes.size - size, nullptr);
        node->pages.erase(node->pages.lower_bound((size + page_bytes - 1) / page_bytes),
                          node->pages.end());
    }
    node->attributes.size = size;
    touch(*node, true);
    return {};
}

Result<void> Reference::allocate(Inode inode, std::uint64_t offset, std::uint64_t bytes,
                                 bool keep_size) {
    Node* const node = TRY(regular(inode));
    if (bytes == 0) return error(Error::invalid);
    TRY(check_range(offset, bytes));
    if (!keep_size) node->attributes.size = std::max(node->attributes.size, offset + bytes);
    touch(*node, true);
    return {};
}

Result<void> Reference::punch(Inode inode, std::uint64_t offset, std::uint64_t bytes) {
    Node* const node = TRY(regular(inode));
    if (bytes == 0) return error(Error::invalid);
    TRY(check_range(offset, bytes));
    fill(*node, offset, bytes, nullptr);
    touch(*node, true);
    return {};
}

Result<void> Reference::fsync(Inode inode, bool) {
    TRY(find(inode));
    return {};
}

Result<std::size_t> Reference::get_attribute(Inode inode, std::string_view name,
                                             std::span<std::byte> into) {
    TRY(check_attribute_name(name));
    const Node* const node = TRY(find(inode));
    const auto found = node->extended.find(name);
    if (found == node->extended.end()) return error(Error::no_attribute);
    if (into.empty()) return found->second.size();
    if (into.size() < found->second.size()) return error(Error::range);
    std::memcpy(into.data(), found->second.data(), found->second.size());
    return found->second.size();
}

Result<void> Reference::set_attribute(Inode inode, std::string_view name,
                                      std::span<const std::byte> value) {
    TRY(check_attribute_name(name));
    Node* const node = TRY(find(inode));
    if (value.size() > 600) return error(Error::no_space);
    node->extended[std::string{name}] = {reinterpret_cast<const char*>(value.data()),
                                         value.size()};
    touch(*node, false);
    return {};
}

Result<void> Reference::remove_attribute(Inode inode, std::string_view name) {
    TRY(check_attribute_name(name));
    Node* const node = TRY(find(inode));
    const auto found = node->extended.find(name);
    if (found == node->extended.end()) return error(Error::no_attribute);
    node->extended.erase(found);
    touch(*node, false);
    return {};
}

Result<std::size_t> Reference::list_attributes(Inode inode, std::span<std::byte> into) {
    const Node* const node = TRY(find(inode));
    std::string all;
    for (const auto& [name, value] : node->extended) all += name + '\0';
    if (into.empty()) return all.size();
    if (into.size() < all.size()) return error(Error::range);
    std::memcpy(into.data(), all.data(), all.size());
    return all.size();
}

}  // namespace tests::fs_model
