#include "store/edit_proposals.h"

#include <algorithm>
#include <variant>

#include "base/limits.h"
#include "base/log.h"
#include "store/edit_outcome.h"
#include "store/instance_store.h"

namespace rollcall::store {
namespace {

constexpr int k_looks_between_tries = 5;  // a second

// Whether both ask for the same.
bool is_same(const registry::Change& a, const registry::Change& b) {
  const auto* edit_a = std::get_if<registry::Edit>(&a.asked);
  const auto* edit_b = std::get_if<registry::Edit>(&b.asked);
  if ((edit_a == nullptr) != (edit_b == nullptr)) return false;
  return edit_a == nullptr || (edit_a->registration == edit_b->registration && edit_a->standing == edit_b->standing);
}

}  // namespace

bool EditProposals::look() {
  take_outcomes();
  const bool has_taken = take_edits();
  submit_waiting();
  return has_taken && proposals_.size() < limits::k_batch_changes_max;
}

void EditProposals::take_outcomes() {
  std::vector<RowKey> settled;
  std::vector<RowKey> ignored;
  {
    NewlyIgnored newly_ignored(store_.ignored());
    for (const auto& [key, number, outcome] : std::exchange(outcomes_, {})) {
      const auto at = proposals_.find(key);
      if (at == proposals_.end() || at->second.number != number) continue;  // the row has become invalid meanwhile
      Proposal& proposal = at->second;
      proposal.number = 0;
      if (is_of_the_store(outcome)) {
        looks_to_rest_ = k_looks_between_tries;
        say_once(outcome.error());
      }
      if (proposal.next) {
        proposal.row = *std::exchange(proposal.next, std::nullopt);
        continue;
      }
      if (is_of_the_store(outcome)) continue;
      last_failure_.clear();
      if (is_settled(outcome)) {
        settled.push_back(key);
        store_.ignored().remove(proposal.row.name);
      } else if (store_.is_noted(key)) {
        ignored.push_back(key);
        newly_ignored.add(proposal.row.name, outcome.error().message);
      } else {  // the row is the cluster's again
        log::warn("edited in the database and refused: {}: {}", proposal.row.name, outcome.error().message);
      }
      proposals_.erase(at);
    }
  }
  if (settled.empty() && ignored.empty()) return;
  if (const Result<void> ended = store_.end_edits(settled, ignored); !ended) say_once(ended.error());
}

// True: some were read.
bool EditProposals::take_edits() {
  if (proposals_.size() >= limits::k_batch_changes_max || !store_.is_edited()) return false;
  Result<std::vector<EditedRow>> rows = store_.begin_edits(limits::k_batch_changes_max - proposals_.size());
  if (!rows) {
    if (rows.error().code != Errc::store_busy) say_once(rows.error());
    return false;
  }
  std::vector<RowKey> ignored;
  NewlyIgnored newly_ignored(store_.ignored());
  for (EditedRow& row : *rows) {
    if (row.change) {
      add(std::move(row));
      continue;
    }
    proposals_.erase(row.key);  // what it was before is wanted no more
    if (store_.is_noted(row.key)) newly_ignored.add(row.name, row.problem);
    ignored.push_back(std::move(row.key));
  }
  if (const Result<void> ended = store_.end_edits({}, ignored); !ended) {
    say_once(ended.error());
    return false;
  }
  return true;
}

void EditProposals::add(EditedRow row) {
  const auto [at, is_new] = proposals_.try_emplace(row.key, Proposal{.row = row});
  if (is_new) return;
  Proposal& proposal = at->second;
  if (proposal.number == 0) {
    proposal.row = std::move(row);
  } else if (is_same(*proposal.row.change, *row.change)) {
    proposal.next.reset();
  } else {
    proposal.next = std::move(row);
  }
}

void EditProposals::submit_waiting() {
  if (looks_to_rest_ > 0) {
    --looks_to_rest_;
    return;
  }
  // Rows that are gone come first: an edit may move an id from one row to another.
  for (const bool removes : {true, false}) {
    for (auto& [key, proposal] : proposals_) {
      const bool is_removal = std::holds_alternative<registry::Deregister>(proposal.row.change->asked);
      if (proposal.number != 0 || is_removal != removes) continue;
      const std::uint64_t number = last_number_ + 1;
      const bool is_taken = submit_(*proposal.row.change, [this, key, number](registry::Outcome outcome) {
        outcomes_.push_back({key, number, std::move(outcome)});
      });
      if (!is_taken) return;  // the queue is full
      proposal.number = last_number_ = number;
    }
  }
}

void EditProposals::say_once(const Error& error) {
  if (std::exchange(last_failure_, error.message) == error.message) return;
  log::warn("edits of the database wait: {}", error.message);
}

}  // namespace rollcall::store
