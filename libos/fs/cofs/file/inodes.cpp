#include "libos/fs/cofs/file/inodes.hpp"

#include "kernel/base/result.hpp"

namespace libos::fs::cofs {

Result<Body> checked_body(std::span<const std::byte> bytes) {
    if (bytes.size() != sizeof(Body)) return error(Error::corrupt);
    const auto body = load<Body>(bytes);
    const bool good = body.mode >> 12 <= static_cast<std::uint32_t>(Kind::symlink) &&
                      body.size <= file_size_max && body.links <= links_max &&
                      body.accessed_ns < 1'000'000'000 && body.modified_ns < 1'000'000'000 &&
                      body.changed_ns < 1'000'000'000;
    if (!good) return error(Error::corrupt);
    return body;
}

Result<EntryView> entry_view(std::span<const std::byte> value) {
    if (value.size() < sizeof(EntryHead)) return error(Error::corrupt);
    const auto head = load<EntryHead>(value);
    const std::size_t fixed = sizeof head + (head.embedded != 0 ? sizeof(Body) : 0);
    const bool good = head.embedded <= 1 && head.inode > root_number &&
                      head.kind <= static_cast<std::uint8_t>(Kind::symlink) &&
                      head.name_bytes >= 1 && head.name_bytes <= name_max &&
                      value.size() == fixed + head.name_bytes;
    if (!good) return error(Error::corrupt);
    const auto* const name = reinterpret_cast<const char*>(value.data() + fixed);
    return EntryView{head, {name, head.name_bytes}};
}

// Whether the entry at `at` embeds the inode.
Result<bool> Inodes::load_embedded(std::uint64_t number, Key at, File& file) {
    const Item item = TRY(store_->tree().find(at));
    if (!item) return false;
    const EntryView entry = TRY(entry_view(item.value));
    if (entry.head.inode != number || entry.head.embedded == 0) return false;
    const Body body = TRY(checked_body(item.value.subspan(sizeof(EntryHead), sizeof(Body))));
    file = {number, at, sizeof(EntryHead), body};
    if (file.kind() != entry.kind()) return error(Error::corrupt);
    return true;
}

Result<File> Inodes::load(std::uint64_t number) {
    const Known& known = known_[number % known_.size()];
    if (number != 0 && known.file.number == number &&
        known.changes == store_->tree().changes()) {
        return known.file;
    }
    const File file = TRY(find(number));
    know(file);
    return file;
}

Result<File> Inodes::find(std::uint64_t number) {
    if (number == 0 || number > Key::offset_max) return error(Error::stale);
    File file;
    const Hint hinted = hints_[number % hints_.size()];
    if (hinted.number == number && TRY(load_embedded(number, hinted.at, file))) return file;
    const Key own = key(number, ItemType::inode);
    Home home;
    {
        const Item item = TRY(store_->tree().find(own));
        if (!item) return error(Error::stale);
        if (item.value.size() != sizeof(Home)) {
            return File{number, own, 0, TRY(checked_body(item.value))};
        }
        home = cofs::load<Home>(item.value);
    }
    const Key at = key(home.directory, ItemType::entry, home.offset);
    if (!TRY(load_embedded(number, at, file))) return error(Error::corrupt);
    hint(number, at);
    return file;
}

Result<void> Inodes::save(const File& file) {
    TRY(store_->tree().patch(file.at, file.offset, std::as_bytes(std::span{&file.body, 1})));
    know(file);
    return {};
}

Result<void> Inodes::externalise(File& file) {
    file.at = key(file.number, ItemType::inode);
    file.offset = 0;
    return store_->tree().put(file.at, std::as_bytes(std::span{&file.body, 1}));
}

Result<void> Inodes::set_home(std::uint64_t number, Key at) {
    const Home home{at.object, at.offset()};
    hint(number, at);
    return store_->tree().put(key(number, ItemType::inode),
                              std::as_bytes(std::span{&home, 1}));
}

Result<std::uint64_t> Inodes::parent(std::uint64_t number) {
    if (number == root_number) return 0;
    const File file = TRY(load(number));
    if (file.kind() != Kind::directory || !file.embedded()) return error(Error::corrupt);
    return file.parent();
}

}  // namespace libos::fs::cofs
