#include "cluster/kv/kv_link.h"

#include <utility>

#include "base/log.h"
#include "cluster/roll/values.h"

namespace rollcall::cluster {
namespace {

constexpr std::int64_t k_page_keys = 10'000;  // etcd 3.4 reads pages at a cost that is quadratic in their number
constexpr int k_behind_max = 3;               // then the watch has stopped, and is begun again

}  // namespace

// What the engine's thread calls.
class KvLink::Port final : public Watcher {
 public:
  Port(KvLink& link, std::uint64_t attempt) : link_(link), post_(link.post_), attempt_(attempt) {}

  void see(const RevisionEvents& events) override {
    auto ours = std::make_shared<RevisionEvents>(RevisionEvents{events.revision, {}});
    for (const KeyEvent& event : events.events) {
      if (event.now.key.starts_with(link_.keys_.all())) ours->events.push_back(event);
    }
    if (ours->events.empty()) return;
    post_([&link = link_, attempt = attempt_, ours] { link.see(attempt, *ours); });
  }
  void ended(End) override {
    post_([&link = link_, attempt = attempt_] { link.ended(attempt); });
  }

 private:
  KvLink& link_;  // outlives the engine's calls; what is posted is dropped when it is gone
  const Post post_;
  const std::uint64_t attempt_;
};

KvLink::KvLink(Engine& engine, const std::string& cluster, const KvKeys& keys, const TimeSource& clock, Post post,
               Sink& sink)
    : engine_(engine),
      format_key_(Keys(cluster).format()),
      keys_(keys),
      clock_(clock),
      post_(std::move(post)),
      sink_(sink) {}
KvLink::~KvLink() = default;

// The next step of this attempt, on the writer's thread, unless another has begun.
template <class Step>
std::function<void(Snapshot)> KvLink::then(Step step) {
  return [this, post = post_, attempt = attempt_, step](Snapshot snapshot) {
    post([this, attempt, step, snapshot = std::move(snapshot)]() mutable {
      if (attempt == attempt_) step(std::move(snapshot));
    });
  };
}

void KvLink::tick() {
  const LeaseTime now = clock_.now();
  if (!is_following_) {
    if (!is_busy_ && now >= again_at_) connect();
    return;
  }
  if (!is_touching_ && now >= touch_at_) touch();
}

void KvLink::connect() {
  ++attempt_;
  is_busy_ = true;
  is_touching_ = false;
  engine_.read({.range = {format_key_, {}}}, then([this](const Snapshot& format) { took_format(format); }));
}

void KvLink::lost(std::string_view why) {
  is_following_ = false;
  is_busy_ = false;
  again_at_ = clock_.now() + k_kv_again;
  pages_.clear();
  if (std::exchange(has_said_, true)) return;
  log::warn("the keys of Consul's clients cannot be followed: {}; they are read as they were, and not changed", why);
}

void KvLink::ended(std::uint64_t attempt) {
  if (attempt != attempt_ || !is_following_) return;
  is_following_ = false;
  is_busy_ = false;
  again_at_ = clock_.now();
}

void KvLink::took_format(const Snapshot& format) {
  if (format.outcome == ReadOutcome::refused) return lost("etcd refuses to read them");
  if (!format.ok()) return lost("etcd does not answer");
  if (format.keys.empty()) return lost("etcd has no cluster of this name");
  const Result<StoredFormat> read = read_format(format.keys.front().value);
  if (!read) return lost("the format of the cluster cannot be read");
  new_format_ = format.keys.front().value;
  new_base_ = read->base;
  const Sink::Shown shown = sink_.shown();
  if (!shown.has_read || new_format_ != format_ || format.header.revision < shown.applied) {
    return read_page(keys_.all(), 0);
  }
  engine_.read({.range = {keys_.last(), {}}}, then([this](const Snapshot& last) { took_last(last); }));
}

// Every batch puts `last`: where it is the same, nothing has happened.
void KvLink::took_last(const Snapshot& last) {
  if (!last.ok()) return lost("etcd does not answer");
  const Sink::Shown shown = sink_.shown();
  const Revision changed = last.keys.empty() ? 0 : last.keys.front().changed;
  const bool is_same = changed == shown.last && (changed == 0 || last.keys.front().value == shown.last_value);
  if (!is_same || last.header.revision < shown.applied) return read_page(keys_.all(), 0);
  watch(last.header.revision + 1);
}

void KvLink::read_page(std::string from, Revision at) {
  Range range = range_of_prefix(keys_.all());
  if (at == 0) pages_.clear();
  range.begin = std::move(from);
  engine_.read({.range = std::move(range), .at = at, .keys_max = k_page_keys},
               then([this, at](Snapshot page) { took_page(std::move(page), at); }));
}

void KvLink::took_page(Snapshot page, Revision at) {
  if (page.outcome == ReadOutcome::refused) return lost("etcd refuses to read them");
  if (!page.ok()) return lost("etcd does not answer, or has compacted what was being read");
  const Revision revision = at == 0 ? page.header.revision : at;
  std::string next = page.keys.empty() ? std::string() : page.keys.back().key + '\0';
  const bool is_last = !page.more || page.keys.empty();
  std::move(page.keys.begin(), page.keys.end(), std::back_inserter(pages_));
  if (!is_last) return read_page(std::move(next), revision);
  const Sink::Shown shown = sink_.shown();
  const bool is_other = shown.has_read && new_format_ != format_;
  // etcd was restored: who follows the roll raises the base of the indexes, so that none comes again.
  if (shown.has_read && !is_other && new_base_ + static_cast<std::uint64_t>(revision) < shown.index) {
    return lost("etcd tells an earlier history than this node has seen");
  }
  format_ = new_format_;
  const std::vector<KeyValue> all = std::exchange(pages_, {});
  sink_.took_all(new_base_, is_other, all, revision);
  watch(revision + 1);
}

void KvLink::watch(Revision from) {
  is_busy_ = false;
  is_following_ = true;
  behind_ = 0;
  touch_at_ = clock_.now();
  if (std::exchange(has_said_, false)) log::info("the keys of Consul's clients are followed again");
  port_ = std::make_shared<Port>(*this, attempt_);
  engine_.watch(keys_.all(), from, port_);
}

void KvLink::see(std::uint64_t attempt, const RevisionEvents& events) {
  if (attempt == attempt_ && is_following_) sink_.took(events);
}

void KvLink::touch() {
  is_touching_ = true;
  const LeaseTime sent = clock_.now();
  touch_at_ = sent + k_kv_touch_every;
  engine_.read({.range = {keys_.last(), {}}, .newest_only = true}, then([this, sent](const Snapshot& last) {
                 is_touching_ = false;
                 if (!last.ok() || !is_following_) return;
                 const Revision changed = last.keys.empty() ? 0 : last.keys.front().changed;
                 behind_ = changed > sink_.shown().last ? behind_ + 1 : 0;
                 sink_.in_touch(sent, changed);
                 if (behind_ < k_behind_max) return;
                 is_following_ = false;
                 again_at_ = clock_.now();
               }));
}

}  // namespace rollcall::cluster
