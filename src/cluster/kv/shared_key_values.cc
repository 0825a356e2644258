#include "cluster/kv/shared_key_values.h"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <limits>
#include <utility>
#include <variant>

#include "base/log.h"
#include "cluster/kv/kv_plan.h"

namespace rollcall::cluster {
namespace {

// Indexes of what is planned, and not made yet: no client has one of these.
constexpr kv::Index k_planned_from = kv::Index{1} << 62;
constexpr std::chrono::milliseconds k_send_again_after{300};
constexpr std::chrono::milliseconds k_lateness_max{400};
constexpr std::size_t k_requests_of_batch_max = 128;

Error not_made() {
  return {Errc::not_in_charge, "etcd, which keeps the keys of this cluster, does not answer: nothing was changed"};
}
Error not_known() {
  return {Errc::store_failed,
          "etcd, which keeps the keys of this cluster, does not answer: it is not known whether the change was made; "
          "read the key"};
}

Error refusal_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::no_space:
      return {Errc::store_failed, "etcd is out of space (NOSPACE): compact and defragment it; nothing was changed"};
    case Refusal::too_large:
      return {Errc::store_failed, "etcd refuses the change as too large (--max-request-bytes, --max-txn-ops)"};
    case Refusal::overloaded: return {Errc::overloaded, "too many changes wait in etcd; nothing was changed"};
    case Refusal::not_allowed:
      return {Errc::store_failed,
              "etcd does not allow the change: its user needs read and write below the keys' prefix"};
    case Refusal::none:
    case Refusal::no_lease:
    case Refusal::other: break;
  }
  return {Errc::store_failed, "etcd has refused the change; nothing was changed"};
}

}  // namespace

SharedKeyValues::SharedKeyValues(Parts parts)
    : parts_(std::move(parts)),
      keys_(parts_.cluster),
      lateness_(std::hash<std::string>{}(parts_.node) % static_cast<std::size_t>(k_lateness_max.count())),
      stage_(kv::Stage::Bounds{.bytes_max = parts_.bytes_max,
                               .held_max = kv::k_shared_held_max,
                               .held_bytes_max = kv::k_shared_held_bytes_max,
                               .bound_queries_max = kv::k_shared_bound_queries_max}),
      mirror_(keys_, stage_) {
  stage_.count_from(k_planned_from);
  const KvLink::Post post = [weak = std::weak_ptr(alive_), run_soon = parts_.run_soon](Task task) {
    run_soon([weak, task = std::move(task)]() mutable {
      if (!weak.expired()) task();
    });
  };
  link_ = std::make_unique<KvLink>(parts_.engine, parts_.cluster, keys_, parts_.clock, post,
                                   static_cast<KvLink::Sink&>(*this));
}

SharedKeyValues::~SharedKeyValues() = default;

void SharedKeyValues::post(Task task) {
  parts_.run_soon([weak = std::weak_ptr(alive_), task = std::move(task)]() mutable {
    if (!weak.expired()) task();
  });
}

// --- What waits ---

bool SharedKeyValues::submit(kv::Request request, Reply reply) {
  const std::size_t bytes = kv::waiting_bytes(request);
  Waiting waiting{std::move(request), std::move(reply), bytes, parts_.clock.now()};
  enum class Taken : std::uint8_t { no, yes, must_schedule };
  const Taken taken = inbox_.with([&](Inbox& inbox) {
    if (inbox.waiting.size() >= kv::k_waiting_max || inbox.bytes + bytes > kv::k_waiting_bytes_max) return Taken::no;
    inbox.bytes += bytes;
    inbox.waiting.push_back(std::move(waiting));
    return std::exchange(inbox.is_scheduled, true) ? Taken::yes : Taken::must_schedule;
  });
  if (taken == Taken::must_schedule) schedule();
  return taken != Taken::no;
}

void SharedKeyValues::schedule() {
  post([this] {
    inbox_.with([](Inbox& inbox) { inbox.is_scheduled = false; });
    pump();
  });
}

std::optional<SharedKeyValues::Waiting> SharedKeyValues::take_next() {
  return inbox_.with([](Inbox& inbox) -> std::optional<Waiting> {
    if (inbox.waiting.empty()) return std::nullopt;
    Waiting next = std::move(inbox.waiting.front());
    inbox.waiting.pop_front();
    inbox.bytes -= next.bytes;
    return next;
  });
}

void SharedKeyValues::put_back(std::vector<Waiting> requests) {
  inbox_.with([&](Inbox& inbox) {
    for (auto at = requests.rbegin(); at != requests.rend(); ++at) {
      inbox.bytes += at->bytes;
      inbox.waiting.push_front(std::move(*at));
    }
  });
}

// --- A batch ---

// One at a time: what is planned stands on what the one before has made.
void SharedKeyValues::pump() {
  if (batch_ || !link_->is_following() || mirror_.last() < wait_for_last_) return;
  if (inbox_.with([](const Inbox& inbox) { return inbox.waiting.empty(); })) return;
  build();
  send();
}

void SharedKeyValues::build() {
  const LeaseTime now = parts_.clock.now();
  Batch batch{.id = fmt::format("{:016x}{:016x}", random_.next(), random_.next()),
              .last = mirror_.last(),
              .since = now,
              .sent = parts_.raw_now()};
  stage_.begin(now);
  PlanCost total;
  while (batch.requests.size() < k_requests_of_batch_max) {
    std::optional<Waiting> next = take_next();
    if (!next) break;
    const std::size_t before = stage_.size();
    kv::Outcome outcome = apply(*next);
    PlanCost with_it = total;
    for (std::size_t i = before; i < stage_.size(); ++i) with_it += cost_of(stage_[i]);
    if (!with_it.fits()) {
      stage_.take_back(before);
      if (total.operations > 0) {
        std::vector<Waiting> later;
        later.push_back(std::move(*next));
        put_back(std::move(later));
        break;
      }
      outcome = refuse_as_too_large(*next);
      with_it = total;
    }
    total = with_it;
    batch.since = std::min(batch.since, next->since);
    batch.requests.push_back(std::move(*next));
    batch.outcomes.push_back(std::move(outcome));
  }
  const kv::Changes changes = stage_.take();
  stage_.undo();  // the tables are what etcd has
  if (total.operations > 0) {
    batch.transaction = plan_batch({.keys = keys_,
                                    .node = parts_.node,
                                    .batch = batch.id,
                                    .last = batch.last,
                                    .old_delays = mirror_.old_delays(now, k_plan_old_delays_max)},
                                   changes);
  }
  batch_ = std::move(batch);
}

kv::Outcome SharedKeyValues::apply(const Waiting& waiting) {
  if (waiting.only_if_due) {
    const std::string& id = std::get<kv::DestroySession>(waiting.request).id;
    const LeaseTime now = parts_.clock.now();
    const bool is_due = view_.with([&](const kv::View& view) { return view.is_due(id, now); });
    if (!is_due) return kv::Done{};
  }
  return std::visit(
      [this](const auto& asked) -> kv::Outcome {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(asked)>, kv::Sweep>) {
          return kv::Done{};
        } else {
          return stage_.apply(asked);
        }
      },
      waiting.request);
}

kv::Outcome SharedKeyValues::refuse_as_too_large(const Waiting& waiting) const {
  const auto* transaction = std::get_if<kv::Transaction>(&waiting.request);
  const bool is_tree = transaction != nullptr && std::ranges::any_of(transaction->operations, [](const auto& each) {
                         return each.verb == kv::Verb::remove_tree;
                       });
  return kv::Refusal{
      0, kv::Why::too_large,
      fmt::format("in a cluster one change has at most {} keys and {} bytes (etcd's own bounds): {}",
                  k_plan_operations_max, k_plan_bytes_max,
                  is_tree ? "delete smaller prefixes, one after the other" : "make it several transactions")};
}

void SharedKeyValues::send() {
  batch_->stand = Stand::sent;
  if (batch_->transaction.puts.empty()) {
    parts_.engine.read({.range = {keys_.last(), {}}},
                       [this, weak = std::weak_ptr(alive_), run_soon = parts_.run_soon, id = batch_->id](Snapshot got) {
                         run_soon([this, weak, id, got = std::move(got)]() mutable {
                           if (!weak.expired()) checked(id, std::move(got));
                         });
                       });
    return;
  }
  parts_.engine.commit(batch_->transaction, [this, weak = std::weak_ptr(alive_), run_soon = parts_.run_soon,
                                             id = batch_->id](Committed got) {
    run_soon([this, weak, id, got = std::move(got)]() mutable {
      if (!weak.expired()) committed(id, std::move(got));
    });
  });
}

// What has changed nothing: is `last` still what it was planned on?
void SharedKeyValues::checked(const std::string& id, Snapshot snapshot) {
  if (!batch_ || batch_->id != id || batch_->stand != Stand::sent) return;
  if (!snapshot.ok()) {
    if (snapshot.outcome == ReadOutcome::refused) {
      std::vector<Waiting> requests = std::move(batch_->requests);
      batch_.reset();
      refuse_all(std::move(requests), refusal_of(Refusal::other));
      return pump();
    }
    batch_->stand = Stand::in_doubt;
    batch_->again_at = parts_.clock.now() + k_send_again_after;
    return;
  }
  const Revision last = snapshot.keys.empty() ? 0 : snapshot.keys.front().changed;
  if (last != batch_->last) return overtaken(last);
  batch_->made_at = applied_;
  finish_batch();
}

void SharedKeyValues::committed(const std::string& id, Committed committed) {
  if (!batch_ || batch_->id != id || batch_->stand != Stand::sent) return;
  switch (committed.outcome) {
    case CommitOutcome::applied:
      batch_->stand = Stand::made;
      batch_->made_at = committed.header.revision;
      return finish_batch();
    case CommitOutcome::differed: {
      const auto find = [&](const std::string& key) { return std::ranges::find(committed.read, key, &KeyValue::key); };
      const auto done = find(keys_.done(parts_.node));
      if (done != committed.read.end() && done->value == id) {  // an earlier copy of it was made
        batch_->stand = Stand::made;
        batch_->made_at = done->changed;
        return finish_batch();
      }
      const auto last = find(keys_.last());
      return overtaken(last == committed.read.end() ? 0 : last->changed);
    }
    case CommitOutcome::refused: {
      counters_.refused.fetch_add(1, std::memory_order_relaxed);
      std::vector<Waiting> requests = std::move(batch_->requests);
      batch_.reset();
      refuse_all(std::move(requests), refusal_of(committed.refusal));
      return pump();
    }
    case CommitOutcome::unknown:
      counters_.unknown.fetch_add(1, std::memory_order_relaxed);
      batch_->stand = Stand::in_doubt;
      batch_->again_at = parts_.clock.now() + k_send_again_after;
      return;
  }
}

// It cannot be made any more: its requests are planned anew on what the faster node has made.
void SharedKeyValues::overtaken(Revision last) {
  counters_.overtaken.fetch_add(1, std::memory_order_relaxed);
  wait_for_last_ = last;
  std::vector<Waiting> requests = std::move(batch_->requests);
  batch_.reset();
  put_back(std::move(requests));
  pump();
}

// When etcd has it, and readers here see it.
void SharedKeyValues::finish_batch() {
  if (!batch_ || batch_->made_at == 0 || applied_ < batch_->made_at) return;
  Batch batch = std::move(*batch_);
  batch_.reset();
  if (!batch.transaction.puts.empty()) {
    counters_.batches.fetch_add(1, std::memory_order_relaxed);
    refuse_late(batch);
    note_sure(batch);
  }
  const kv::Index index = mirror_.base() + static_cast<kv::Index>(batch.made_at);
  for (std::size_t i = 0; i < batch.requests.size(); ++i) {
    complete(batch.outcomes[i], index);
    if (batch.requests[i].reply) batch.requests[i].reply(std::move(batch.outcomes[i]));
  }
  pump();
}

// With the indexes that it has got.
void SharedKeyValues::complete(kv::Outcome& outcome, kv::Index index) const {
  kv::Done* const done = outcome ? std::get_if<kv::Done>(&*outcome) : nullptr;
  if (done == nullptr) return;
  done->index = done->index > k_planned_from ? index : view_.with([](const kv::View& view) { return view.index(); });
  for (kv::Shown& shown : done->entries) {
    if (shown.entry->modify_index <= k_planned_from) continue;
    auto entry = std::make_shared<kv::Entry>(*shown.entry);
    const kv::EntryPtr now = stage_.tables().find(entry->key);
    if (entry->create_index > k_planned_from) {
      entry->create_index = now && now->modify_index == index ? now->create_index : index;
    }
    entry->modify_index = index;
    shown.entry = std::move(entry);
  }
}

void SharedKeyValues::refuse_all(std::vector<Waiting> requests, const Error& why) {
  for (Waiting& each : requests) {
    if (each.reply) each.reply(std::unexpected(why));
  }
}

void SharedKeyValues::finish() {
  if (timing_.joinable()) {
    timing_.request_stop();
    timing_.join();
  }
  if (batch_ && !batch_->is_given_up) refuse_all(std::move(batch_->requests), not_known());
  batch_.reset();
  while (std::optional<Waiting> next = take_next()) {
    if (next->reply) next->reply(std::unexpected(not_made()));
  }
  for (CatchUp& each : catching_up_) each.done(false);
  catching_up_.clear();
}

// Clients wait for k_shared_patience at most. A batch whose outcome is not known goes on all the same, since what comes next
// must stand on it.
void SharedKeyValues::give_up_late(LeaseTime now) {
  const LeaseTime before = now - kv::k_shared_patience;
  if (batch_ && !batch_->is_given_up && batch_->since <= before) {
    batch_->is_given_up = true;
    const bool has_changed = !batch_->transaction.puts.empty();
    std::vector<Waiting> requests = std::exchange(batch_->requests, {});
    batch_->outcomes.clear();
    refuse_all(std::move(requests), has_changed ? not_known() : not_made());
  }
  std::vector<Waiting> late = inbox_.with([&](Inbox& inbox) {
    std::vector<Waiting> taken;
    while (!inbox.waiting.empty() && inbox.waiting.front().since <= before) {
      inbox.bytes -= inbox.waiting.front().bytes;
      taken.push_back(std::move(inbox.waiting.front()));
      inbox.waiting.pop_front();
    }
    return taken;
  });
  refuse_all(std::move(late), not_made());
}

}  // namespace rollcall::cluster
