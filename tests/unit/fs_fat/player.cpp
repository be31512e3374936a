#include "tests/unit/fs_fat/player.hpp"

namespace tests::fs_fat {

namespace {

template <class T>
std::uint32_t code(const libos::fs::Result<T>& result) {
    return result ? 0 : static_cast<std::uint32_t>(result.error());
}
constexpr auto number(Error error) { return static_cast<std::uint32_t>(error); }

const std::vector<std::pair<std::string, std::string>> names{
    {"a", "A"}, {"readme.txt", "README.TXT"}, {"Makefile", "MAKEFILE"},
    {"a long name with spaces.text", "A LONG NAME WITH SPACES.TEXT"},
    {"a long name with blanks.text", "A LONG NAME WITH BLANKS.TEXT"},
    {"a long name with dots.and.dots", "A LONG NAME WITH DOTS.AND.DOTS"},
    {".hidden", ".HIDDEN"}, {"x.tar.gz", "X.TAR.GZ"}, {"dir", "DIR"}, {"sub", "SUB"},
    {"grüße.txt", "GRÜßE.TXT"}, {"привет мир", "ПРИВЕТ МИР"},
    {"αβγ", "ΑΒΓ"},
    {"日本語.txt", "日本語.TXT"},
    {"[a]+b=c", "[A]+B=C"}, {"12345678.123", "12345678.123"},
    {"123456789.1234", "123456789.1234"}, {" lead", " LEAD"},
    {"emoji 😀", "EMOJI 😀"}};  // the last: a pair of units

}  // namespace

Player::Player(MemoryDevice& device, std::uint64_t seed, std::uint32_t slots,
               const PlayerChoices& choices)
    : device_{device}, slots_{slots}, choices_{choices}, random_{seed},
      root_{std::make_shared<ModelFile>()} {
    root_->directory = true;
    mount();
}

void Player::mount() {
    mounted_.emplace(device_, slots_,
                     Fat::Options{.inodes = 20'000, .allocation = choices_.allocation},
                     choices_.cache);
    ASSERT_EQ(code(fat().mount()), 0u);
    fat().set_time({.seconds = 1'700'000'000, .nanoseconds = 0});
    open_.clear();
    inodes_.clear();
}

void Player::unmount() {
    ASSERT_EQ(code(fat().unmount()), 0u);
    mounted_.reset();
}

void Player::remount() {
    unmount();
    const Checked checked = check_volume(device_, false);
    ASSERT_TRUE(checked.result);
    ASSERT_EQ(checked.findings, "");
    mount();
    compare();
}

void Player::recover() {
    open_.clear();
    (void)fat().unmount();
    mounted_.reset();
    const Checked repaired = check_volume(device_, true);
    ASSERT_TRUE(repaired.result) << static_cast<int>(repaired.result.error());
    const Checked again = check_volume(device_, false);
    ASSERT_TRUE(again.result);
    ASSERT_EQ(again.findings, "") << "after the repair of:\n" << repaired.findings;
    mount();
    root_ = std::make_shared<ModelFile>();
    root_->directory = true;
    adopt(fat().root(), root_);
}

void Player::adopt(Inode inode, const ModelPointer& file) {
    if (!file->directory) {
        file->data = read_all(fat(), inode);
        return;
    }
    std::vector<std::pair<std::string, libos::fs::Entry>> entries;
    for (std::uint64_t position = 0;;) {
        const auto entry = fat().entry(inode, position);
        if (!entry) break;
        entries.emplace_back(entry->name, *entry);
        position = entry->next;
    }
    for (const auto& [text, entry] : entries) {
        auto child = std::make_shared<ModelFile>();
        child->directory = entry.kind == libos::fs::Kind::directory;
        child->parent = file;
        std::string key = text;
        for (const auto& [plain, upper] : names) {
            if (text == plain || text == upper) key = upper;
        }
        file->children[key] = {text, child};
        adopt(entry.inode, child);
    }
}

void Player::compare() {
    compare(fat().root(), root_);
    for (const Held& held : open_) compare(held.inode, held.file);
}

void Player::compare(Inode inode, const ModelPointer& file) {
    const auto attributes = fat().attributes(inode);
    ASSERT_EQ(code(attributes), 0u);
    ASSERT_EQ(attributes->kind == libos::fs::Kind::directory, file->directory);
    if (!file->directory) {
        ASSERT_EQ(attributes->size, file->data.size());
        ASSERT_TRUE(read_all(fat(), inode) == file->data);
        return;
    }
    std::map<std::string, Inode> seen;
    for (std::uint64_t position = 0;;) {
        const auto entry = fat().entry(inode, position);
        if (!entry) {
            ASSERT_EQ(entry.error(), Error::no_entry);
            break;
        }
        ASSERT_TRUE(seen.emplace(entry->name, entry->inode).second) << entry->name;
        position = entry->next;
    }
    ASSERT_EQ(seen.size(), file->children.size());
    for (const auto& [key, child] : file->children) {
        const auto found = seen.find(child.first);
        ASSERT_NE(found, seen.end()) << child.first;
        compare(found->second, child.second);
    }
}

// ---- choices

Name Player::any_name() {
    const auto& [plain, upper] = names[draw(names.size() - (one_unit_ ? 1 : 0))];
    return {draw(4) == 0 ? upper : plain, upper};
}

/// Walks down from the root, by lookup.
Player::Held Player::any_directory() {
    Held at{fat().root(), root_};
    while (draw(3) != 0) {
        std::vector<std::string> below;
        for (const auto& [key, child] : at.file->children) {
            if (child.second->directory) below.push_back(key);
        }
        if (below.empty()) break;
        const auto& [text, child] = at.file->children[below[draw(below.size())]];
        const auto inode = fat().lookup(at.inode, text);
        if (!inode) break;  // the device failed; the call that follows will tell
        at = {*inode, child};
    }
    return at;
}

std::optional<Player::Held> Player::any_file() {
    if (!open_.empty() && draw(3) == 0) return open_[draw(open_.size())];
    const Held at = any_directory();
    for (const auto& [key, child] : at.file->children) {
        if (draw(2) != 0) continue;
        const auto inode = fat().lookup(at.inode, child.first);
        if (!inode) return std::nullopt;
        const auto [known, fresh] = inodes_.emplace(child.second.get(), *inode);
        EXPECT_EQ(known->second, *inode) << "a file's number changed";
        return Held{*inode, child.second};
    }
    return std::nullopt;
}

// ---- calls

bool Player::step() {
    const std::uint64_t choice = draw(100);
    const Outcome outcome = choice < 18   ? make(false)
                            : choice < 24 ? make(true)
                            : choice < 36 ? remove(false)
                            : choice < 40 ? remove(true)
                            : choice < 52 ? rename()
                            : choice < 70 ? write()
                            : choice < 76 ? truncate()
                            : choice < 86 ? read()
                            : choice < 92 ? open_or_close()
                                          : look_up();
    return outcome != number(Error::io) && outcome != number(Error::corrupt) && device_.calm();
}

void Player::agree(Outcome mine, Outcome theirs, const char* what) {
    if (theirs == number(Error::io) || !device_.calm()) return;
    EXPECT_EQ(mine, theirs) << what;
}

/// Whether the volume said that it is full, and may: the largest growth of a directory does not
/// fit, or it is the root's fixed one.
bool Player::no_room(Outcome theirs, std::uint64_t free_before) {
    if (theirs != number(Error::no_space)) return false;
    ++refusals_;
    EXPECT_EQ(fat().space()->blocks_free, free_before);
    return true;
}

Player::Outcome Player::make(bool directory) {
    const Held at = any_directory();
    const Name name = any_name();
    const std::uint64_t free = fat().space()->blocks_free;
    const auto made = directory ? fat().make_directory(at.inode, name.text, {})
                                : fat().create(at.inode, name.text, {});
    const Outcome theirs = code(made);
    if (no_room(theirs, free)) return theirs;
    agree(at.file->child(name) ? number(Error::exists) : 0, theirs, "make");
    if (!made || at.file->child(name)) return theirs;
    auto file = std::make_shared<ModelFile>();
    file->directory = directory;
    file->parent = at.file;
    at.file->children[name.key] = {name.text, file};
    for (const auto& [other, inode] : inodes_) EXPECT_NE(inode, *made) << "a number given twice";
    inodes_[file.get()] = *made;
    return theirs;
}

Player::Outcome Player::remove(bool directory) {
    const Held at = any_directory();
    const Name name = any_name();
    const ModelPointer file = at.file->child(name);
    Outcome mine = 0;
    if (!file) mine = number(Error::no_entry);
    else if (directory && !file->directory) mine = number(Error::not_directory);
    else if (!directory && file->directory) mine = number(Error::is_directory);
    else if (!file->children.empty()) mine = number(Error::not_empty);
    const Outcome theirs = code(directory ? fat().remove_directory(at.inode, name.text)
                                          : fat().unlink(at.inode, name.text));
    agree(mine, theirs, "remove");
    if (mine != 0) return theirs;
    at.file->children.erase(name.key);
    for (const Held& held : open_) {
        if (held.file == file) return theirs;
    }
    inodes_.erase(file.get());
    return theirs;
}

Player::Outcome Player::rename() {
    const Held from = any_directory();
    const Held to = draw(2) == 0 ? from : any_directory();
    const Name name = any_name();
    const Name fresh = any_name();
    const bool replace = draw(4) != 0;
    const std::uint64_t free = fat().space()->blocks_free;
    const ModelPointer target = to.file->child(fresh);
    const Outcome theirs =
        code(fat().rename(from.inode, name.text, to.inode, fresh.text, replace));
    if (no_room(theirs, free)) return theirs;
    const ModelPointer source = from.file->child(name);
    const Outcome mine = model_rename(from.file, name, to.file, fresh, replace);
    agree(mine, theirs, "rename");
    bool open = false;
    for (const Held& held : open_) open = open || held.file == target;
    if (mine == 0 && target && target != source && !open) inodes_.erase(target.get());
    return theirs;
}

Player::Outcome Player::write() {
    const auto at = any_file();
    if (!at || at->file->directory) return 0;
    const std::uint64_t offset = draw(8) == 0 ? draw(60'000) : draw(at->file->data.size() + 1);
    std::string data(draw(4) == 0 ? draw(20'000) : draw(700), ' ');
    for (char& c : data) c = static_cast<char>(draw(256));
    const auto space = *fat().space();
    const std::uint64_t have = (at->file->data.size() + space.block_size - 1) / space.block_size;
    const std::uint64_t end_max = (have + space.blocks_free) * space.block_size;
    const auto put = fat().write(at->inode, offset, bytes_of(data));
    const Outcome theirs = code(put);
    if (data.empty()) return theirs;
    if (offset >= end_max) {
        ++refusals_;
        agree(number(Error::no_space), theirs, "write");
        if (device_.calm()) { EXPECT_EQ(fat().space()->blocks_free, space.blocks_free); }
        return theirs;
    }
    agree(0, theirs, "write");
    if (!put) return theirs;
    EXPECT_EQ(*put, std::min<std::uint64_t>(data.size(), end_max - offset));
    std::string& whole = at->file->data;
    if (whole.size() < offset + *put) whole.resize(offset + *put, '\0');
    whole.replace(offset, *put, data, 0, *put);
    return theirs;
}

Player::Outcome Player::truncate() {
    const auto at = any_file();
    if (!at || at->file->directory) return 0;
    const std::uint64_t size = draw(40'000);
    const auto space = *fat().space();
    const std::uint64_t have = (at->file->data.size() + space.block_size - 1) / space.block_size;
    const bool fits = size <= (have + space.blocks_free) * space.block_size;
    const Outcome theirs = code(fat().truncate(at->inode, size));
    agree(fits ? 0 : number(Error::no_space), theirs, "truncate");
    if (fits) at->file->data.resize(size, '\0');
    else ++refusals_;
    return theirs;
}

Player::Outcome Player::read() {
    const auto at = any_file();
    if (!at || at->file->directory) return 0;
    const std::uint64_t offset = draw(at->file->data.size() + 10);
    std::string data(draw(3000), '?');
    const auto got = fat().read(at->inode, offset, std::as_writable_bytes(std::span{data}));
    agree(0, code(got), "read");
    if (!got) return code(got);
    const std::string& whole = at->file->data;
    const std::string expected = offset < whole.size() ? whole.substr(offset, data.size()) : "";
    EXPECT_EQ(*got, expected.size());
    EXPECT_TRUE(data.substr(0, *got) == expected);
    return 0;
}

Player::Outcome Player::open_or_close() {
    if (open_.size() > 6 || (!open_.empty() && draw(2) == 0)) {
        const std::size_t which = draw(open_.size());
        const Outcome theirs = code(fat().close(open_[which].inode));
        agree(0, theirs, "close");
        const ModelPointer file = open_[which].file;
        open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(which));
        bool known = false;
        for (const Held& held : open_) known = known || held.file == file;
        const ModelPointer parent = file->parent.lock();
        bool named = false;
        if (parent) {
            for (const auto& [key, child] : parent->children) named = named || child.second == file;
        }
        if (!known && !named) inodes_.erase(file.get());
        return theirs;
    }
    const auto at = any_file();
    if (!at || at->file->directory) return 0;
    const Outcome theirs = code(fat().open(at->inode));
    agree(0, theirs, "open");
    if (theirs == 0) open_.push_back(*at);
    return theirs;
}

Player::Outcome Player::look_up() {
    const Held at = any_directory();
    const Name name = any_name();
    const Outcome theirs = code(fat().lookup(at.inode, name.text));
    agree(at.file->child(name) ? 0 : number(Error::no_entry), theirs, "lookup");
    return theirs;
}

}  // namespace tests::fs_fat
