#include "cluster/roll/follower.h"

#include <utility>

#include "base/log.h"

namespace rollcall::cluster {
namespace {

constexpr std::int64_t k_page_keys = 10'000;  // etcd 3.4 reads pages at a cost that is quadratic in their number
constexpr std::chrono::milliseconds k_again{1'000};
constexpr int k_format_version = 1;
constexpr std::uint64_t k_raised_margin =
    1'000'000;  // other nodes may have shown more than the one that raises the base

}  // namespace

Follower::Follower(Engine& engine, const Keys& keys, const registry::ZoneDirectory& zones, registry::LeaseBounds bounds,
                   KnownInstances& known, std::optional<registry::ReplicaPlace> place, RollSink& sink)
    : engine_(engine), keys_(keys), zones_(zones), bounds_(bounds), known_(known), sink_(sink) {
  if (!place) return;
  applied_ = place->applied_revision;
  incarnation_ = place->incarnation;
  if (!place->lane_id.empty()) lane_ = LaneSeen{place->lane, place->lane_id};
}

Link Follower::link() const {
  const std::lock_guard lock(mutex_);
  return link_;
}

std::uint64_t Follower::attempt() const {
  const std::lock_guard lock(mutex_);
  return attempt_;
}

Revision Follower::applied() const {
  const std::lock_guard lock(mutex_);
  return applied_;
}

void Follower::tick(std::chrono::steady_clock::time_point now) {
  {
    const std::lock_guard lock(mutex_);
    if (is_busy_ || now < again_at_) return;
    if (link_ == Link::following && !reads_all_) return;
    is_busy_ = true;
    is_watching_ = false;
    ++attempt_;
  }
  begin();
}

void Follower::read_again() {
  const std::lock_guard lock(mutex_);
  reads_all_ = true;
  again_at_ = {};
}

bool Follower::is_stale(std::uint64_t attempt) const {
  const std::lock_guard lock(mutex_);
  return attempt != attempt_;
}

// The next step of this attempt, unless another has begun or the follower is gone.
template <class Step>
std::function<void(Snapshot)> Follower::then(Step step) {
  return [weak = weak_from_this(), attempt = attempt_, step](Snapshot snapshot) {
    const std::shared_ptr<Follower> self = weak.lock();
    if (self == nullptr || self->is_stale(attempt)) return;
    step(*self, std::move(snapshot));
  };
}

void Follower::begin() {
  engine_.read({.range = {keys_.format(), {}}},
               then([](Follower& self, Snapshot format) { self.took_format(std::move(format)); }));
}

void Follower::fail(Link link) {
  const std::lock_guard lock(mutex_);
  link_ = link;
  is_busy_ = false;
  again_at_ = std::chrono::steady_clock::now() + k_again;
}

void Follower::took_format(Snapshot format) {
  if (!format.ok()) return fail(Link::connecting);
  if (format.keys.empty()) return fail(Link::no_cluster);
  const Result<StoredFormat> read = read_format(format.keys.front().value);
  if (!read || read->version != k_format_version) return fail(Link::unknown_version);
  if (is_lost_) return take_over(format, *read);
  if (!incarnation_.empty() && incarnation_ != read->incarnation) return lose_history();
  if (decoder_ == nullptr) begin_history(*read);
  Revision applied = 0;
  std::optional<LaneSeen> lane;
  {
    const std::lock_guard lock(mutex_);
    applied = applied_;
    lane = lane_;
  }
  if (format.header.revision < applied || decoder_->format() != *read) return lose_history();
  if (applied == 0) return read_page(keys_.all(), 0);
  engine_.read({.range = range_of_prefix(keys_.lanes()), .at = applied},
               then([lane](Follower& self, Snapshot lanes) { self.took_lanes(std::move(lanes), lane); }));
}

void Follower::begin_history(const StoredFormat& format) {
  incarnation_ = format.incarnation;
  auto decoder = std::make_shared<RollDecoder>(keys_, format, zones_, bounds_, known_);
  {
    const std::lock_guard lock(mutex_);
    decoder_ = std::move(decoder);
  }
  sink_.found(format);
}

std::shared_ptr<const RollDecoder> Follower::decoder() const {
  const std::lock_guard lock(mutex_);
  return decoder_;
}

// Nothing that was followed counts; the next attempt takes over what is there.
void Follower::lose_history() {
  is_lost_ = true;
  sink_.lost_history();
  fail(Link::other_history);
}

// Indexes never go back: the first node that comes raises their base above what it has shown, and the others find that done.
void Follower::take_over(const Snapshot& found, const StoredFormat& format) {
  const auto revision = static_cast<registry::ChangeIndex>(found.header.revision);
  shown_ = std::max(shown_, sink_.shown());
  if (format.base + revision <= shown_) {
    StoredFormat raised = format;
    raised.base = shown_ + k_raised_margin;
    Transaction transaction{{{keys_.format(), Compare::Target::mod_revision, found.keys.front().changed}},
                            {{keys_.format(), write_format(raised)}},
                            {},
                            {}};
    engine_.commit(std::move(transaction), [weak = weak_from_this()](const Committed&) {
      if (const auto self = weak.lock()) self->fail(Link::other_history);
    });
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    applied_ = 0;
    lane_.reset();
  }
  begin_history(format);
  read_page(keys_.all(), 0);
}

// Were the lanes at the revision we have followed as we have seen them?
void Follower::took_lanes(Snapshot lanes, const std::optional<LaneSeen>& lane) {
  bool reads_all = false;
  {
    const std::lock_guard lock(mutex_);
    // What an earlier run has followed is not known to this one, and is read with the rest.
    reads_all = std::exchange(reads_all_, false) || known_.size() == 0;
  }
  if (lanes.outcome == ReadOutcome::compacted) return read_page(keys_.all(), 0);
  if (lanes.outcome == ReadOutcome::refused) return lose_history();
  if (!lanes.ok()) return fail(Link::connecting);
  if (lane) {
    const auto at = std::ranges::find(lanes.keys, lane->key, &KeyValue::key);
    const Result<LaneRecord> record = at == lanes.keys.end() ? Result<LaneRecord>(LaneRecord{}) : read_lane(at->value);
    if (!record || record->id != lane->id) return lose_history();
  }
  if (!reads_all) return watch();
  // As it was when this node followed last: what has happened since comes by the watch, change by change.
  read_page(keys_.all(), applied());
}

void Follower::read_page(std::string from, Revision at) {
  Range range = range_of_prefix(keys_.all());
  if (from == keys_.all()) {
    decoder_->begin_snapshot();
    const std::lock_guard lock(mutex_);
    reads_all_ = false;
  }
  range.begin = std::move(from);
  engine_.read({.range = std::move(range), .at = at, .keys_max = k_page_keys},
               then([at](Follower& self, Snapshot page) { self.took_page(std::move(page), at); }));
}

void Follower::took_page(Snapshot page, Revision at) {
  if (!page.ok()) {
    read_again();  // compacted, or no answer: from the beginning
    return fail(Link::connecting);
  }
  const Revision revision = at == 0 ? page.header.revision : at;
  std::string next = page.keys.empty() ? std::string() : page.keys.back().key + '\0';
  const bool is_last = !page.more || page.keys.empty();
  decoder_->add_page(std::move(page.keys));
  if (!is_last) return read_page(std::move(next), revision);
  FollowedSnapshot snapshot = decoder_->end_snapshot(revision);
  snapshot.is_other_history = std::exchange(is_lost_, false);
  shown_ = std::max(shown_, snapshot.index);
  {
    const std::lock_guard lock(mutex_);
    applied_ = revision;
    lane_ = snapshot.lane;
  }
  sink_.took(std::move(snapshot));
  watch();
}

void Follower::watch() {
  Revision from = 0;
  {
    const std::lock_guard lock(mutex_);
    link_ = Link::following;
    is_busy_ = false;
    is_watching_ = true;
    from = applied_ + 1;
  }
  engine_.watch(keys_.all(), from, std::shared_ptr<Watcher>(shared_from_this(), this));
}

void Follower::see(const RevisionEvents& events) {
  {
    const std::lock_guard lock(mutex_);
    if (!is_watching_ || events.revision <= applied_) return;
  }
  FollowedRevision revision = decoder_->decode(events);
  {
    const std::lock_guard lock(mutex_);
    applied_ = events.revision;
    shown_ = std::max(shown_, revision.index);
    if (revision.lane) lane_ = revision.lane;
  }
  const bool format_changed = revision.format_changed;
  const bool is_taken = sink_.took(std::move(revision));
  if (is_taken && !format_changed) return;
  // Too much waits there; or another node has taken over another history.
  const std::lock_guard lock(mutex_);
  reads_all_ = reads_all_ || !is_taken;
  is_watching_ = false;
  link_ = Link::connecting;
  again_at_ = std::chrono::steady_clock::now() + (is_taken ? std::chrono::milliseconds(0) : k_again);
}

void Follower::ended(End why) {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(is_watching_, false)) return;
  link_ = Link::connecting;
  again_at_ = std::chrono::steady_clock::now();
  if (why == End::compacted) reads_all_ = true;
}

}  // namespace rollcall::cluster
