#pragma once

/// The page queue: pages in order of age, linked through one shared array of nodes.
///
/// Why: nearly every replacement policy is a few queues between which pages move. With dense ids
/// the links live in an array, so moving a page costs no allocation and no search.
///
///     oldest <-> ... <-> newest        nodes[p] = { older, newer, weight, tag, count }
///
/// Invariants: a page is on at most one queue over the same nodes; weight() is the sum of its
/// pages' node weights, which do not change while a page is on a queue. Which queue a page is on
/// is the owner's knowledge, kept in PageNode::tag; 0 means none.

#include <cstdint>
#include <span>

#include "libos/policy/replacement.hpp"

namespace libos::policy {

struct PageNode {
    PageId older = no_page;
    PageId newer = no_page;
    std::uint32_t weight = 0;
    std::uint16_t tag = 0;    ///< the owner's: where the page is; 0 where it is nowhere
    std::uint16_t count = 0;  ///< the owner's: reference bit or small counter
};

class PageQueue {
public:
    explicit PageQueue(std::span<PageNode> nodes) : nodes_{nodes} {}

    [[nodiscard]] bool empty() const { return oldest_ == no_page; }
    [[nodiscard]] std::uint32_t size() const { return size_; }
    [[nodiscard]] std::uint64_t weight() const { return weight_; }
    [[nodiscard]] PageId oldest() const { return oldest_; }
    [[nodiscard]] PageId newest() const { return newest_; }
    [[nodiscard]] PageId newer(PageId page) const { return node(page).newer; }
    [[nodiscard]] PageId older(PageId page) const { return node(page).older; }

    /// The next page towards the newest; after the newest, the oldest. A clock hand's step.
    [[nodiscard]] PageId newer_round(PageId page) const {
        const PageId next = newer(page);
        return next == no_page ? oldest_ : next;
    }

    void push_newest(PageId page) {
        PageNode& added = node(page);
        added.older = newest_;
        added.newer = no_page;
        (newest_ == no_page ? oldest_ : node(newest_).newer) = page;
        newest_ = page;
        count_in(added);
    }

    void push_oldest(PageId page) {
        PageNode& added = node(page);
        added.newer = oldest_;
        added.older = no_page;
        (oldest_ == no_page ? newest_ : node(oldest_).older) = page;
        oldest_ = page;
        count_in(added);
    }

    void erase(PageId page) {
        CHITIN_ASSERT(size_ > 0);
        const PageNode& gone = node(page);
        (gone.older == no_page ? oldest_ : node(gone.older).newer) = gone.newer;
        (gone.newer == no_page ? newest_ : node(gone.newer).older) = gone.older;
        --size_;
        weight_ -= gone.weight;
    }

    [[nodiscard]] PageId pop_oldest() {
        const PageId page = oldest_;
        erase(page);
        return page;
    }

    void renew(PageId page) {
        if (page == newest_) return;
        erase(page);
        push_newest(page);
    }

    /// Put all of `younger` after this queue's newest; `younger` is empty afterwards.
    void append(PageQueue& younger) {
        if (younger.empty()) return;
        (newest_ == no_page ? oldest_ : node(newest_).newer) = younger.oldest_;
        node(younger.oldest_).older = newest_;
        newest_ = younger.newest_;
        size_ += younger.size_;
        weight_ += younger.weight_;
        younger = PageQueue{nodes_};
    }

private:
    [[nodiscard]] PageNode& node(PageId page) { return nodes_[position(page)]; }
    [[nodiscard]] const PageNode& node(PageId page) const { return nodes_[position(page)]; }

    void count_in(const PageNode& added) {
        ++size_;
        weight_ += added.weight;
    }

    std::span<PageNode> nodes_;
    PageId oldest_ = no_page;
    PageId newest_ = no_page;
    std::uint32_t size_ = 0;
    std::uint64_t weight_ = 0;
};

static_assert(sizeof(PageNode) == 16, "one cache line holds four nodes");

}  // namespace libos::policy
