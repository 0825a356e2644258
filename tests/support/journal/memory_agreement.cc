#include "support/journal/memory_agreement.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace rollcall::registry::testing {
namespace {

NotRecorded refused() { return Error{Errc::store_failed, "the store says no"}; }
NotRecorded unknown() {
  return {Error{Errc::store_busy, "nobody knows whether it is stored"}, NotRecorded::Reason::unknown};
}

}  // namespace

void MemoryAgreement::propose(std::size_t lane, const Transaction& transaction, Reply reply) {
  std::optional<Proposal>& place = in_flight_.at(lane);
  if (place) throw std::logic_error("a lane has two transactions in flight");
  if (transaction.changes == 0) throw std::logic_error("nothing is proposed");
  ++proposals;
  place.emplace(OwnedTransaction(transaction), std::move(reply), std::nullopt);
}

void MemoryAgreement::decide(Proposal& proposal) {
  if (random_.below(100) < faults_.refused_in_100) {
    proposal.outcome = std::unexpected(refused());
  } else if (random_.below(100) < faults_.unknown_in_100) {
    if (random_.below(2) == 0) static_cast<void>(roll_.commit(proposal.transaction));
    proposal.outcome = std::unexpected(unknown());
  } else {
    proposal.outcome = roll_.commit(proposal.transaction);
    if (!*proposal.outcome) ++conflicts;
  }
}

void MemoryAgreement::read_latest(LatestReply reply) {
  ++readings;
  readings_.push_back(std::move(reply));
}

bool MemoryAgreement::step() {
  if (!readings_.empty() && random_.below(2) == 0) {
    LatestReply reply = std::move(readings_.front());
    readings_.pop_front();
    const bool is_answered = random_.below(100) >= faults_.refused_in_100;
    reply(is_answered ? std::optional(roll_.index()) : std::nullopt);
    return true;
  }
  std::vector<std::size_t> busy;
  for (std::size_t lane = 0; lane < in_flight_.size(); ++lane) {
    if (in_flight_[lane]) busy.push_back(lane);
  }
  if (busy.empty()) return !readings_.empty();
  std::optional<Proposal>& place = in_flight_[busy[random_.below(static_cast<std::uint32_t>(busy.size()))]];
  if (!place->outcome) {
    decide(*place);
    return true;
  }
  Proposal told = std::move(*place);
  place.reset();  // the reply may propose again
  told.reply(std::move(*told.outcome));
  return true;
}

std::vector<DurableChange> MemoryAgreement::deliver() {
  const std::vector<DurableChange>& log = roll_.log();
  std::size_t from = delivered_;
  if (from > 0 && random_.below(100) < faults_.repeated_in_100) from = random_.below(static_cast<std::uint32_t>(from));
  // All changes of one index come together.
  const auto begins_index = [&](std::size_t at) {
    return at == 0 || at == log.size() || log[at - 1].event.index != log[at].event.index;
  };
  while (!begins_index(from)) --from;
  std::size_t to = std::min(log.size(), delivered_ + random_.below(4));
  while (!begins_index(to)) ++to;
  delivered_ = std::max(delivered_, to);
  return {log.begin() + static_cast<std::ptrdiff_t>(from),
          log.begin() + static_cast<std::ptrdiff_t>(std::max(from, to))};
}

Recorded MemorySharedJournal::record(Transaction& transaction) {
  if (shown_ < roll_.log().size()) {
    ++conflicts;
    NotRecorded behind(Error{Errc::store_busy, "the roll is behind"}, NotRecorded::Reason::conflict);
    behind.newer = take_newer();
    behind.follow_up_to = behind.newer.back().event.index;
    for (const DurableChange& change : behind.newer) behind.conflicts.push_back(change.event.key);
    return std::unexpected(std::move(behind));
  }
  if (random_.below(100) < faults_.refused_in_100) return std::unexpected(refused());
  const bool is_unknown = random_.below(100) < faults_.unknown_in_100;
  if (is_unknown && random_.below(2) == 0) return std::unexpected(unknown());
  Recorded recorded = roll_.commit(OwnedTransaction(transaction));
  if (is_unknown) return std::unexpected(unknown());  // committed; told as somebody else's change
  shown_ = roll_.log().size();
  return recorded;
}

std::vector<DurableChange> MemorySharedJournal::take_newer() {
  const auto from = roll_.log().begin() + static_cast<std::ptrdiff_t>(std::exchange(shown_, roll_.log().size()));
  return {from, roll_.log().end()};
}

}  // namespace rollcall::registry::testing
