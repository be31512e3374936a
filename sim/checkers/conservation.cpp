#include "sim/checkers/conservation.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <unordered_map>
#include <vector>

#include "kernel/abi/cycle.hpp"
#include "kernel/abi/disk.hpp"
#include "kernel/cap/capability.hpp"
#include "kernel/env/env.hpp"
#include "kernel/machine/boot_info.hpp"
#include "kernel/mem/account.hpp"
#include "kernel/x86/page_table_entry.hpp"
#include "sim/checkers/disks.hpp"
#include "sim/checkers/halves.hpp"
#include "sim/checkers/object_state.hpp"
#include "sim/checkers/phrase.hpp"
#include "sim/checkers/trees.hpp"

namespace sim::checkers {

namespace {

using kernel::abi::CapRef;
using kernel::abi::CapType;
using kernel::abi::ExtentRecord;
using kernel::abi::ExtentTable;
using kernel::abi::FrameInfo;
using kernel::abi::FrameNumber;
using kernel::abi::FrameState;
using kernel::abi::includes;
using kernel::abi::page_size;
using kernel::abi::Rights;
using kernel::abi::SystemInfo;
using kernel::cap::Capability;
using kernel::cap::Link;
using kernel::env::Env;
using kernel::mem::Account;
using kernel::x86::PageTableEntry;

constexpr FrameNumber no_frame{0};
constexpr std::uint32_t env_info_pages =
    kernel::abi::environments_max * sizeof(kernel::abi::EnvInfo) / page_size;

struct Broken {
    std::string what;
};

[[noreturn]] void broken(const Phrase& what) { throw Broken{what.text()}; }

// A macro because the words are made only where it fails.
#define CHECKED(holds, what) ((holds) ? static_cast<void>(0) : broken(what))

// One core's part of the pool.
class Conservation {
public:
    // `pool`: all parts; this core's begins at `first`.
    Conservation(std::span<const std::byte> pool, FrameNumber first)
        : pool_{pool}, system_{object<SystemInfo>(first)} {
        CHECKED(system_.magic == kernel::abi::system_info_magic, "no kernel lives in this memory");
        CHECKED(system_.pool_first == first, "the kernel's memory begins elsewhere");
        const std::uint64_t offset = first.value - kernel::machine::pool_first.value;
        CHECKED((offset + system_.pool_frames) * page_size <= pool.size(),
              "the pool is larger than the memory");
        frames_ = &object<FrameInfo>(FrameNumber{first.value + 2 + env_info_pages});
        cycle_ = &object<kernel::abi::CycleInfo>(FrameNumber{first.value + 1});
        root_account_ = FrameNumber{first.value + system_.kernel_frames - 1};
        CHECKED(system_.kernel_frames <= system_.pool_frames, "more kernel frames than frames");
        listed_.resize(system_.pool_frames);
        named_.resize(system_.pool_frames);
    }

    void verify() {
        walk_free_list();
        check_account(root_account_);
        for (std::size_t i = 0; i < account_frames_.size(); ++i) check_account(account_frames_[i]);
        check_all_listed();
        check_sums();
        for (const FrameNumber name : cap_tables_) check_table_of_capabilities(name);
        for (std::uint32_t i = 0; i < system_.kernel_frames; ++i) check_names(i);
        for (const std::uint32_t i : held_) check_names(i);
        check_code();
        check_cycle();
        check_disks();
        for (const FrameNumber name : envs_) check_space(name);
        CHECKED(spaces_seen_tables_ == table_caps_, "page tables: " + number(spaces_seen_tables_) +
                                                      " installed, " + number(table_caps_) +
                                                      " capabilities of tables");
    }

private:
    struct Sums {
        std::uint64_t used_below = 0;
        std::uint64_t given = 0;
    };

    template <class T>
    const T& object(FrameNumber name) const {
        const std::uint64_t offset =
            std::uint64_t{name.value - kernel::machine::pool_first.value} * page_size;
        CHECKED(offset + page_size <= pool_.size(),
                "frame " + number(name.value) + " is not there");
        return *reinterpret_cast<const T*>(pool_.data() + offset);
    }
    bool in_pool(FrameNumber name) const {
        return name.value - system_.pool_first.value < system_.pool_frames;
    }
    std::uint32_t index(FrameNumber name) const {
        CHECKED(in_pool(name), "frame " + number(name.value) + " is not in the pool");
        return name.value - system_.pool_first.value;
    }
    const FrameInfo& frame(FrameNumber name) const { return frames_[index(name)]; }

    // ---- lists and accounts

    // Marks every frame of a list; returns how many there are.
    template <class Function>
    std::uint32_t walk_list(FrameNumber first, FrameNumber* last, const Phrase& which,
                            Function&& each) {
        FrameNumber before = no_frame;
        std::uint32_t count = 0;
        for (FrameNumber name = first; name != no_frame; name = frame(name).next) {
            const auto text = [&which, name] { return which + ": frame " + number(name.value); };
            const std::uint32_t at = index(name);
            CHECKED(listed_[at] == 0, text() + " is in two lists, or twice in one");
            listed_[at] = 1;
            CHECKED(frames_[at].previous == before, text() + ": its back link is wrong");
            each(frames_[at], text);
            before = name;
            ++count;
        }
        if (last != nullptr) CHECKED(*last == before, which + ": its last frame is not the last");
        return count;
    }

    void walk_free_list() {
        const std::uint32_t count = walk_list(
            system_.free_first, nullptr, "free list", [](const FrameInfo& info, auto& text) {
                CHECKED(info.state == FrameState::free, text() + " is not free");
                CHECKED(info.caps == 0 && info.first_cap == 0, text() + " has capabilities");
            });
        CHECKED(count == system_.free_frames, "free frames: " + number(count) + ", counted as " +
                                                number(system_.free_frames));
    }

    void check_account(FrameNumber name) {
        const auto& account = object<Account>(name);
        const Phrase which = "account " + number(name.value);
        std::uint32_t flagged = 0;
        std::uint32_t objects = 0;
        FrameNumber last = account.loose.last;
        std::uint32_t held =
            walk_list(account.loose.first, &last, which + " (loose)",
                      [&](const FrameInfo& info, auto& text) {
                          CHECKED(info.account == name, text() + " is charged to another");
                          CHECKED(info.state == FrameState::user && info.flags == 0,
                                text() + " may not be repossessed");
                          hold(info);
                      });
        last = account.pinned.last;
        held += walk_list(account.pinned.first, &last, which + " (pinned)",
                          [&](const FrameInfo& info, auto& text) {
                              CHECKED(info.account == name, text() + " is charged to another");
                              const bool user = info.state == FrameState::user;
                              CHECKED(!user || info.flags == 1, text() + " is not guaranteed");
                              ++(user ? flagged : objects);
                              hold(info);
                          });
        CHECKED(held == account.held, which + ": holds " + number(held) + ", counted as " +
                                        number(account.held));
        CHECKED(flagged == account.flagged, which + ": flagged count is wrong");
        CHECKED(objects == account.objects, which + ": object count is wrong");
        claims_ += account.claim();
        accounts_.push_back(name);
        if (name == root_account_) return;
        CHECKED(object_is_account(account.parent), which + ": its parent is no account");
        sums_[account.parent.value].used_below += account.used;
        sums_[account.parent.value].given += account.guarantee;
        if (account.bound == no_frame) return;
        CHECKED(frame(account.bound).state == FrameState::env, which + ": bound to no environment");
    }

    bool object_is_account(FrameNumber name) const {
        return in_pool(name) &&
               (name == root_account_ || frame(name).state == FrameState::account);
    }

    // A frame in an account's list: what it is, and that its names are to be counted.
    void hold(const FrameInfo& info) {
        const auto at = static_cast<std::uint32_t>(&info - frames_);
        const FrameNumber name{system_.pool_first.value + at};
        held_.push_back(at);
        if (info.state == FrameState::account) account_frames_.push_back(name);
        if (info.state == FrameState::cap_table) cap_tables_.push_back(name);
        if (info.state == FrameState::env) envs_.push_back(name);
        if (in_row(info.state)) codes_.push_back(name);
    }

    // The kernel's frames are the first, and in no list; all others are in one.
    void check_all_listed() const {
        const auto number_of = [this](auto place) {
            return number(system_.pool_first.value +
                          static_cast<std::uint64_t>(place - listed_.begin()));
        };
        const auto kernel_end = listed_.begin() + system_.kernel_frames;
        const auto listed = std::find(listed_.begin(), kernel_end, 1);
        CHECKED(listed == kernel_end,
                "frame " + number_of(listed) + " is the kernel's, and listed");
        const auto lost = std::find(kernel_end, listed_.end(), 0);
        CHECKED(lost == listed_.end(), "frame " + number_of(lost) + " is in no list");
        for (std::uint32_t i = 0; i < system_.kernel_frames; ++i) {
            CHECKED(frames_[i].state == FrameState::kernel,
                    "frame " + number(system_.pool_first.value + i) + " is not the kernel's");
        }
    }

    void check_sums() {
        for (const FrameNumber name : accounts_) {
            const auto& account = object<Account>(name);
            const Sums sums = sums_[name.value];
            const Phrase which = "account " + number(name.value);
            CHECKED(account.used == account.held + sums.used_below,
                  which + ": used is " + number(account.used) + ", held and below " +
                      number(account.held + sums.used_below));
            CHECKED(account.given == sums.given,
                  which + ": gave guarantees of " + number(account.given) + ", its sub-accounts "
                  "have " + number(sums.given));
        }
        CHECKED(claims_ == system_.reserved_frames, "reserved frames: " + number(claims_) +
                                                      ", counted as " +
                                                      number(system_.reserved_frames));
    }

    // ---- capabilities

    const Capability& capability(CapRef ref) const {
        const FrameNumber table = kernel::cap::table_frame_of(ref);
        CHECKED(frame(table).state == FrameState::cap_table,
              "a link leads to frame " + number(table.value) + ", no capability table");
        return (&object<Capability>(table))[kernel::cap::index_of(ref)];
    }

    void check_table_of_capabilities(FrameNumber name) {
        const FrameInfo& info = frame(name);
        const Phrase which = "capability table " + number(name.value);
        CHECKED(frame(info.owner).state == FrameState::env, which + ": its owner is gone");
        const auto& owner = object<Env>(info.owner);
        CHECKED(info.entries < owner.table_frame_count && owner.table_frames[info.entries] == name,
              which + ": it is not where it says in its owner's table");
        const auto* slots = &object<Capability>(name);
        for (std::uint32_t i = 0; i < kernel::abi::table_slots_per_frame; ++i) {
            if (slots[i].type == CapType::none) continue;
            check_capability(kernel::cap::ref_of(name, i), info.owner);
        }
    }

    void check_capability(CapRef ref, FrameNumber holder) {
        const Capability& cap = capability(ref);
        const Phrase which = "capability " + number(kernel::cap::table_frame_of(ref).value) +
                                  "/" + number(kernel::cap::index_of(ref));
        if (in_pool(cap.object)) {
            named_[index(cap.object)]++;
            check_links(ref, cap, which);
            check_type(cap, which);
            if (cap.type == CapType::disk) extents_of(cap.object);
            if (cap.type == CapType::table) ++table_caps_;
            if (cap.type == CapType::slice) check_slice(ref, cap, which);
            if (cap.type == CapType::extent) check_extent(cap, which);
        } else {
            check_foreign(ref, cap, which);
        }
        if (cap.type != CapType::frame || cap.mapping == 0) return;
        const bool first = mapped_[holder.value].emplace(cap.mapping, ref).second;
        CHECKED(first, which + ": another capability claims its mapping");
    }

    // A capability whose object lies in another core's part: borrowed, or derived from one that
    // is. There is no record of the object here.
    void check_foreign(CapRef ref, const Capability& cap, const Phrase& which) const {
        const std::uint32_t distance = cap.object.value - kernel::machine::pool_first.value;
        const Phrase object = which + ": its object, frame " + number(cap.object.value);
        CHECKED(distance / system_.pool_frames < system_.cores, object + ", is not in the pool");
        if (cap.child != 0) {
            CHECKED(capability(cap.child).parent == ref, which + ": its child has another parent");
        }
        if (cap.parent != 0) return check_links(ref, cap, which);
        // One that was taken back has no rights, and is about to be deleted.
        const bool back = cap.link == Link::none && cap.rights == Rights::none && cap.child == 0;
        CHECKED(back || cap.link >= Link::borrowed, which + ": nobody lent it");
        CHECKED(cap.previous == 0 && (cap.next == 0 || cap.link == Link::recalled),
              which + ": borrowed, with siblings");
    }

    void check_slice(CapRef ref, const Capability& cap, const Phrase& which) {
        CHECKED(cap.mapping < kernel::abi::positions_max, which + ": no position is its");
        slice_caps_[cap.mapping]++;
        if (cycle_->slices[cap.mapping].binding == ref) bound_[cap.mapping] = true;
    }

    void check_cycle() const {
        std::uint32_t allocated = 0;
        for (std::uint32_t i = 0; i < kernel::abi::positions_max; ++i) {
            const kernel::abi::SliceInfo& slice = cycle_->slices[i];
            const Phrase which = "slice " + number(i);
            CHECKED(slice.caps == slice_caps_[i], which + ": " + number(slice_caps_[i]) +
                                                    " capabilities, counted as " +
                                                    number(slice.caps));
            if (slice.caps != 0) ++allocated;
            CHECKED(slice.caps == 0 || i < cycle_->positions, which + " lies behind the cycle");
            CHECKED((slice.binding != 0) == bound_[i], which + ": bound with no capability of it");
            CHECKED((slice.binding != 0) == (slice.env != kernel::abi::no_env),
                  which + ": bound to nobody, or not bound and somebody's");
        }
        CHECKED(allocated == cycle_->allocated, "slices: " + number(allocated) +
                                                  " have a capability, counted as " +
                                                  number(cycle_->allocated));
    }

    // ---- disks

    void check_extent(const Capability& cap, const Phrase& which) {
        const std::uint64_t first = kernel::cap::extent_first(cap);
        const std::uint64_t end = first + kernel::cap::extent_count(cap);
        const auto& table = extents_of(cap.object);
        const ExtentRecord* const record =
            std::find_if(table.records, table.records + table.count,
                         [first](const ExtentRecord& one) {
                             return first >= one.first &&
                                    first < std::uint64_t{one.first} + one.count;
                         });
        CHECKED(record != table.records + table.count &&
                    end <= std::uint64_t{record->first} + record->count && end > first,
                which + ": its blocks are nobody's, or more than one extent's");
        extent_caps_[record]++;
        if (cap.parent == 0) return;
        const Capability& parent = capability(cap.parent);
        if (parent.type == CapType::disk) return;
        const std::uint64_t parent_first = kernel::cap::extent_first(parent);
        CHECKED(parent.type == CapType::extent && first >= parent_first &&
                    end <= parent_first + kernel::cap::extent_count(parent),
                which + ": its blocks are not its parent's");
    }

    // The table behind a disk's object, sound in itself as is all of the disk.
    const ExtentTable& extents_of(FrameNumber object) {
        index(object);
        if (disks_.insert(object.value).second) {
            std::string wrong = verify_disk(pool_, object);
            if (!wrong.empty()) throw Broken{std::move(wrong)};
        }
        return this->object<ExtentTable>(FrameNumber{object.value + 1});
    }

    void check_disks() {
        for (const std::uint32_t object : disks_) {
            const auto& table = this->object<ExtentTable>(FrameNumber{object + 1});
            for (std::uint32_t i = 0; i < table.count; ++i) {
                const std::uint32_t found = extent_caps_[&table.records[i]];
                CHECKED(found == table.records[i].caps,
                        "extent " + number(table.records[i].first) + ": " + number(found) +
                            " capabilities, counted as " + number(table.records[i].caps));
            }
        }
    }

    void check_links(CapRef ref, const Capability& cap, const Phrase& which) const {
        if (cap.parent != 0) {
            const Capability& parent = capability(cap.parent);
            CHECKED(parent.object == cap.object ||
                        (cap.type == CapType::node && parent.type == CapType::disk),
                  which + ": its parent names another object");
            // What is given back loses its rights before what was derived from it goes.
            const bool going = parent.link != Link::none && parent.rights == Rights::none;
            CHECKED(going || includes(parent.rights, cap.rights),
                  which + ": more rights than its parent");
        }
        const CapRef head =
            cap.parent == 0 ? frame(cap.object).first_cap : capability(cap.parent).child;
        if (cap.previous == 0) {
            CHECKED(head == ref, which + ": it is not the first child");
        } else {
            const Capability& previous = capability(cap.previous);
            CHECKED(previous.next == ref && previous.parent == cap.parent,
                  which + ": its previous sibling does not know it");
        }
        if (cap.next != 0) {
            CHECKED(capability(cap.next).previous == ref, which + ": its next does not know it");
        }
        if (cap.child != 0) {
            CHECKED(capability(cap.child).parent == ref, which + ": its child has another parent");
        }
    }

    void check_type(const Capability& cap, const Phrase& which) const {
        const bool fits = cap.type == CapType::account
                              ? object_is_account(cap.object)
                              : names_state(cap, frame(cap.object).state);
        CHECKED(fits, which + ": its object is of another type");
    }

    // Is the frame, the `i`th of the pool, named as often as it says? (What is free has no
    // capability: those are not of its type.)
    void check_names(std::uint32_t i) const {
        const FrameInfo& info = frames_[i];
        const auto which = [this, i] { return "frame " + number(system_.pool_first.value + i); };
        CHECKED(info.caps == named_[i], which() + ": " + number(named_[i]) +
                                            " capabilities, counted as " + number(info.caps));
        CHECKED((info.first_cap == 0) == (named_[i] == 0) || info.state == FrameState::tree,
                which() + ": its first capability is wrong");
        const bool first = info.owner.value == system_.pool_first.value + i;
        CHECKED(!needs_name(info.state, first) || named_[i] > 0,
                which() + " is held, and nobody can name it");
    }

    // Each frame of downloaded code, or of a tree, is one of those that its first frame counts.
    void check_code() const {
        for (const FrameNumber name : codes_) {
            const FrameInfo& info = frame(name);
            const Phrase which = "code or tree in frame " + number(name.value);
            CHECKED(in_pool(info.owner) && frame(info.owner).owner == info.owner &&
                        frame(info.owner).state == info.state,
                    which + ": its first frame is none");
            const std::uint32_t place = name.value - info.owner.value;
            CHECKED(place < frame(info.owner).entries, which + ": not counted");
            CHECKED(place == 0 || info.caps == 0, which + ": named, and not the first");
            for (std::uint32_t i = 0; place == 0 && i < info.entries; ++i) {
                const FrameInfo& part = frame(FrameNumber{name.value + i});
                CHECKED(part.state == info.state && part.owner == name,
                        which + ": counts a frame that is not its own");
            }
        }
    }

    // ---- environments and page tables

    void check_space(FrameNumber name) {
        const auto& env = object<Env>(name);
        const Phrase which = "environment " + number(env.id.value);
        CHECKED(env.self == name, which + ": it is not where it says");
        CHECKED(object_is_account(env.account), which + ": its account is gone");
        CHECKED(frame(env.root).state == FrameState::root && frame(env.root).owner == name,
              which + ": its root table is not its own");
        leaves_ = 0;
        const auto& claims = mapped_[name.value];
        walk_table(env.root, kernel::x86::levels, 0, name, claims);
        CHECKED(leaves_ == claims.size(), which + ": " + number(leaves_) + " present pages, " +
                                            number(claims.size()) + " mapped capabilities");
        check_vector(env, which);
    }

    // Of eight entries, a cache line?
    static bool none_valid(const PageTableEntry* entries) {
        std::uint64_t any = 0;
        for (unsigned i = 0; i < 8; ++i) any |= entries[i].bits();
        return (any & PageTableEntry::present) == 0;
    }

    void walk_table(FrameNumber table, unsigned level, std::uint64_t page, FrameNumber env,
                    const std::unordered_map<std::uint32_t, CapRef>& claims) {
        const auto* entries = &object<PageTableEntry>(table);
        std::uint32_t present = 0;
        const unsigned info_first = kernel::x86::entries_per_table - 4;
        for (unsigned i = 0; i < kernel::x86::entries_per_table; ++i) {
            if (i % 8 == 0 && none_valid(entries + i)) {
                i += 7;
                continue;
            }
            const PageTableEntry entry = entries[i];
            if (!entry.valid()) continue;
            if (level == 3 && i >= info_first) continue;  // the info window: not the owner's
            ++present;
            // Pages count from the window's start, which is one root entry.
            const std::uint64_t below =
                level == kernel::x86::levels
                    ? 0
                    : page + (std::uint64_t{i} << (9 * (level - 1)));
            if (level == 1) {
                check_leaf(entry, below, claims);
                continue;
            }
            CHECKED(level != kernel::x86::levels || i == (system_.window_base >> 39 & 511),
                  "a root table has an entry outside the window");
            const FrameInfo& next = frame(entry.frame());
            CHECKED(next.state == FrameState::table && next.level == level - 1 &&
                      next.owner == env,
                  "frame " + number(entry.frame().value) + " is installed as a table it is not");
            ++spaces_seen_tables_;
            walk_table(entry.frame(), level - 1, below, env, claims);
        }
        CHECKED(frame(table).entries == present, "table " + number(table.value) + ": " +
                                                   number(present) + " entries, counted as " +
                                                   number(frame(table).entries));
    }

    void check_leaf(PageTableEntry entry, std::uint64_t page,
                    const std::unordered_map<std::uint32_t, CapRef>& claims) {
        const Phrase which = "page " + number(page);
        ++leaves_;
        const bool writable = entry.has(PageTableEntry::writable);
        const bool executable = !entry.has(PageTableEntry::no_execute);
        CHECKED(!(writable && executable), which + " is writable and executable");
        CHECKED(entry.has(PageTableEntry::user), which + " is not the user's");
        const auto claim = claims.find(static_cast<std::uint32_t>(page));
        CHECKED(claim != claims.end(), which + " is mapped by no capability");
        const Capability& cap = capability(claim->second);
        CHECKED(cap.object == entry.frame(), which + " maps another frame than its capability");
        CHECKED(includes(cap.rights, Rights::read), which + ": its capability cannot read");
        CHECKED(!writable || includes(cap.rights, Rights::write),
              which + ": its capability cannot write");
        CHECKED(!executable || includes(cap.rights, Rights::execute),
              which + ": its capability cannot execute");
    }

    void check_vector(const Env& env, const Phrase& which) const {
        CHECKED((env.vector == 0) == (env.page == nullptr), which + ": half an upcall page");
        if (env.vector == 0) return;
        const Capability& cap = capability(env.vector);
        CHECKED(cap.type == CapType::frame && cap.mapping != 0,
              which + ": its upcall page is not mapped");
        const std::uint64_t offset = std::uint64_t{cap.mapping} << kernel::abi::page_shift;
        CHECKED(env.page_address == system_.window_base + offset,
              which + ": its upcall page lies elsewhere");
        CHECKED(frame(kernel::cap::table_frame_of(env.vector)).owner == env.self,
              which + ": its upcall page is another's");
        CHECKED(!in_pool(cap.object) || frame(cap.object).state == FrameState::user,
              which + ": its upcall page is no memory");
    }

    std::span<const std::byte> pool_;
    const SystemInfo& system_;
    const FrameInfo* frames_ = nullptr;
    const kernel::abi::CycleInfo* cycle_ = nullptr;
    std::array<std::uint32_t, kernel::abi::positions_max> slice_caps_{};
    std::set<std::uint32_t> disks_;  // objects that a capability names
    std::unordered_map<const ExtentRecord*, std::uint32_t> extent_caps_;
    std::array<bool, kernel::abi::positions_max> bound_{};
    FrameNumber root_account_{};
    std::vector<std::uint8_t> listed_;         // a frame each: is it in a list?
    std::vector<std::uint32_t> named_;         // a frame each: by how many capabilities
    std::vector<std::uint32_t> held_;          // frames in accounts, by their place in the pool
    std::vector<FrameNumber> account_frames_;  // without the root's, which is the kernel's
    std::vector<FrameNumber> cap_tables_;
    std::vector<FrameNumber> envs_;
    std::vector<FrameNumber> codes_;
    std::vector<FrameNumber> accounts_;
    std::unordered_map<std::uint32_t, Sums> sums_;
    std::unordered_map<std::uint32_t, std::unordered_map<std::uint32_t, CapRef>> mapped_;
    std::uint64_t claims_ = 0;
    std::uint64_t table_caps_ = 0;
    std::uint64_t spaces_seen_tables_ = 0;
    std::uint64_t leaves_ = 0;
};

const SystemInfo& system_at(std::span<const std::byte> pool, std::uint64_t frames) {
    if ((frames + 1) * page_size > pool.size()) throw Broken{"the pool is larger than the memory"};
    return *reinterpret_cast<const SystemInfo*>(pool.data() + frames * page_size);
}

// `core`'s part; `first`: what core 0's kernel says of itself. A core that has not booted yet
// has no kernel.
void verify_part(std::span<const std::byte> pool, const SystemInfo& first, std::uint32_t core) {
    const std::uint32_t offset = core * first.pool_frames;
    const SystemInfo& own = system_at(pool, offset);
    if (core > 0 && own.magic == 0) return;
    Conservation part{pool, FrameNumber{kernel::machine::pool_first.value + offset}};
    if (own.core != core || own.cores != first.cores || own.pool_frames != first.pool_frames) {
        throw Broken{"its kernel and core 0's do not agree which part of the pool is its"};
    }
    part.verify();
}

}  // namespace

std::string verify_conservation(std::span<const std::byte> pool) {
    std::string prefix;
    try {
        const SystemInfo& first = system_at(pool, 0);
        const auto cores = std::clamp<std::uint32_t>(first.cores, 1, kernel::abi::cores_max);
        for (std::uint32_t core = 0; core < cores; ++core) {
            if (cores > 1) prefix = "core " + std::to_string(core) + ": ";
            verify_part(pool, first, core);
        }
    } catch (const Broken& broken) {
        return prefix + broken.what;
    }
    if (std::string halves = verify_halves(pool); !halves.empty()) return halves;
    return verify_trees(pool);
}

}  // namespace sim::checkers
