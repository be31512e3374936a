#include "libos/fs/fat/check/checker.hpp"

#include "kernel/base/order.hpp"
#include "kernel/base/result.hpp"

namespace libos::fs::fat {

Result<CheckResult> Checker::run() {
    result_.clusters = volume_.geometry().clusters;
    TRY(check_copies());
    TRY(check_first_entry());
    TRY(check_tree());
    TRY(check_lost());
    TRY(check_counts());
    TRY(check_mark());
    return result_;
}

bool Checker::found(Trouble trouble, const Item* item, Cluster cluster, std::uint32_t count) {
    Finding finding{.trouble = trouble, .cluster = cluster, .count = count};
    if (item != nullptr) {
        finding.name = {shown_.data(), to_utf8(item->listing.name, shown_)};
        finding.directory = item->directory_first;
    }
    const bool possible = trouble != Trouble::too_deep &&
                          (all_seen_ || trouble != Trouble::lost_clusters);
    finding.repaired = options_.repair && possible;
    ++result_.findings;
    if (finding.repaired) ++result_.repaired;
    if (report_.tell != nullptr) report_.tell(report_.context, finding);
    return finding.repaired;
}

// ---- chains

bool Checker::owned(Cluster cluster) const {
    return (owned_[cluster / 64] >> cluster % 64 & 1) != 0;
}

void Checker::own(Cluster cluster) { owned_[cluster / 64] |= std::uint64_t{1} << cluster % 64; }

/// Takes the chain's clusters, at most `clusters_max` (not 0), and cuts it where it goes wrong.
Result<Checker::Chain> Checker::own(Cluster first, std::uint32_t clusters_max,
                                    const Item* item) {
    const Geometry& geometry = volume_.geometry();
    Chain chain;
    Cluster last = no_cluster;
    for (Cluster cluster = first;;) {
        if (!geometry.holds(cluster) || owned(cluster)) {
            chain.broken = true;
            const bool held = geometry.holds(cluster);
            TRY(broken(held ? Trouble::shared_cluster : Trouble::broken_chain, last, cluster,
                       item));
            return chain;
        }
        own(cluster);
        ++chain.clusters;
        last = cluster;
        const std::uint32_t value = TRY(table_.entry(cluster));
        if (table_.kind(value) == Link::end) return chain;
        cluster = value;
        if (chain.clusters == clusters_max && table_.kind(value) == Link::next) {
            if (found(Trouble::chain_too_long, item, last)) {
                TRY(table_.set_entry(last, table_.end_mark()));
            }
            return chain;
        }
    }
}

/// A chain goes on from `last` (no_cluster: begins) to `wrong`, which it must not.
Result<void> Checker::broken(Trouble trouble, Cluster last, Cluster wrong, const Item* item) {
    const bool repair =
        found(trouble, item, trouble == Trouble::shared_cluster ? wrong : last);
    if (repair && last != no_cluster) return table_.set_entry(last, table_.end_mark());
    return {};
}

// ---- the tables

Result<void> Checker::check_copies() {
    const Geometry& geometry = volume_.geometry();
    if (!geometry.mirrored) return {};
    bool told = false;
    for (std::uint32_t fat = 1; fat < geometry.fats; ++fat) {
        for (Cluster cluster = 0; cluster < geometry.clusters + 2; ++cluster) {
            const std::uint32_t right = TRY(table_.entry(cluster, 0));
            if (TRY(table_.entry(cluster, fat)) == right) continue;
            if (!told) found(Trouble::copies_differ, nullptr, cluster);
            told = true;
            if (!options_.repair) return {};
            TRY(table_.set_entry(cluster, right));
        }
    }
    return {};
}

Result<void> Checker::check_first_entry() {
    const std::uint32_t right = (table_.end_mark() & ~0xffu) | volume_.geometry().media;
    if (TRY(table_.entry(0)) == right) return {};
    if (!found(Trouble::wrong_first_entry, nullptr, 0)) return {};
    return table_.set_entry(0, right);
}

Result<void> Checker::check_lost() {
    std::uint32_t lost = 0;
    Cluster first = no_cluster;
    for (Cluster cluster = cluster_first; volume_.geometry().holds(cluster); ++cluster) {
        const Link kind = table_.kind(TRY(table_.entry(cluster)));
        if (owned(cluster) || kind == Link::free || kind == Link::bad) continue;
        if (lost++ == 0) first = cluster;
    }
    if (lost == 0 || !found(Trouble::lost_clusters, nullptr, first, lost)) return {};
    for (Cluster cluster = first; volume_.geometry().holds(cluster); ++cluster) {
        const Link kind = table_.kind(TRY(table_.entry(cluster)));
        if (!owned(cluster) && kind != Link::bad) TRY(table_.set_entry(cluster, 0));
    }
    return {};
}

Result<void> Checker::check_counts() {
    TRY(table_.open());
    result_.clusters_free = table_.free_count();
    const std::uint64_t at = volume_.geometry().info_start;
    if (at == 0) return {};
    const auto said = TRY(volume_.load_at<std::uint32_t>(at + info::free_count));
    const auto lead = TRY(volume_.load_at<std::uint32_t>(at + info::lead));
    if (said == table_.free_count() && lead == info::lead_value) return {};
    if (said == info::unknown && lead == info::lead_value) return {};
    if (found(Trouble::wrong_free_count, nullptr, no_cluster, said)) TRY(table_.save_counts());
    return {};
}

Result<void> Checker::check_mark() {
    if (volume_.was_dirty()) found(Trouble::not_unmounted, nullptr, no_cluster);
    if (!options_.repair) return {};
    if (volume_.was_dirty() && all_seen_) volume_.believe_clean();
    return volume_.close();
}

}  // namespace libos::fs::fat
