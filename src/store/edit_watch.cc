#include "store/edit_watch.h"

#include <algorithm>
#include <pthread.h>
#include <utility>

#include "base/log.h"
#include "store/edit_outcome.h"
#include "store/edit_reader.h"
#include "store/instance_store.h"

namespace rollcall::store {

EditWatch::EditWatch(InstanceStore& store, registry::Writer& writer) : store_(store), writer_(writer) {
  if (store_.mode() == registry::StorageMode::own) return;
  proposals_.emplace(store_, [&writer](registry::Change change, registry::Writer::Reply reply) {
    return writer.submit(std::move(change), std::move(reply));
  });
}

void EditWatch::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    pthread_setname_np(pthread_self(), "edits");
    run(stop);
  });
}

void EditWatch::look_again() { store_.look_again(); }

void EditWatch::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stopped_.wait_for(lock, stop, limits::k_edit_look_every, [&] { return stop.stop_requested(); })) {
    if (stop.stop_requested()) return;
    look_soon();
  }
}

void EditWatch::look_soon() {
  if (is_asked_.exchange(true)) return;
  writer_.run_soon([this] {
    is_asked_.store(false);
    if (look()) look_soon();
  });
}

bool EditWatch::look() {
  if (proposals_) return proposals_->look();
  if (!store_.is_edited()) return false;
  Result<std::vector<EditedRow>> rows = store_.begin_edits(limits::k_batch_changes_max);
  if (!rows) {
    if (rows.error().code != Errc::store_busy) say_once(rows.error());
    return false;
  }
  std::vector<registry::Change> changes;
  for (EditedRow& row : *rows) {
    if (row.change) changes.push_back(*row.change);
  }
  std::vector<registry::Outcome> outcomes;
  if (!changes.empty()) outcomes = writer_.apply_now(changes);
  const Result<void> ended = end(*rows, outcomes);
  if (!ended) {
    say_once(ended.error());
    return false;
  }
  const auto failed = std::ranges::find_if(outcomes, is_of_the_store);
  if (failed != outcomes.end()) {
    say_once(failed->error());
    return false;
  }
  last_failure_.clear();
  note(*rows, outcomes);
  return true;
}

Result<void> EditWatch::end(const std::vector<EditedRow>& rows, const std::vector<registry::Outcome>& outcomes) {
  std::vector<RowKey> settled;
  std::vector<RowKey> ignored;
  auto outcome = outcomes.begin();
  for (const EditedRow& row : rows) {
    if (!row.change) {
      ignored.push_back(row.key);
    } else if (const registry::Outcome& came_to = *outcome++; is_settled(came_to)) {
      settled.push_back(row.key);
    } else if (!is_of_the_store(came_to)) {
      ignored.push_back(row.key);
    }
  }
  return store_.end_edits(settled, ignored);
}

// Updates the list of ignored rows, and logs the rows that are newly ignored.
void EditWatch::note(const std::vector<EditedRow>& rows, const std::vector<registry::Outcome>& outcomes) {
  NewlyIgnored newly_ignored(store_.ignored());
  auto outcome = outcomes.begin();
  for (const EditedRow& row : rows) {
    if (!row.change) {
      newly_ignored.add(row.name, row.problem);
    } else if (const registry::Outcome& came_to = *outcome++; is_settled(came_to)) {
      store_.ignored().remove(row.name);
    } else {
      newly_ignored.add(row.name, came_to.error().message);
    }
  }
}

void EditWatch::say_once(const Error& error) {
  if (std::exchange(last_failure_, error.message) == error.message) return;
  log::warn("edits of the database wait: {}", error.message);
}

}  // namespace rollcall::store
