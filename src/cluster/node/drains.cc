#include "cluster/node/drains.h"

#include <algorithm>
#include <utility>

namespace rollcall::cluster {
namespace {

constexpr std::chrono::minutes k_kept{10};  // after somebody has asked last

}  // namespace

Drains::Key Drains::key_of(const DrainQuestion& drain) {
  return drain.zone + "/" + drain.service + "/" + drain.id + "/" + std::to_string(drain.revision);
}

Drains::Known Drains::look(const DrainQuestion& drain, LeaseTime safe_here) {
  const std::lock_guard lock(mutex_);
  Key key = key_of(drain);
  auto at = drains_.find(key);
  if (at == drains_.end()) {
    if (drains_.size() >= k_drains_max) return {.missing = members_};
    at = drains_.emplace(std::move(key), Drain{drain, {}, {}, {}}).first;
  }
  at->second.wanted = clock_.now();
  Known known{.safe_at = safe_here};
  for (const std::string& member : members_) {
    const auto safe = at->second.safe_at.find(member);
    if (safe == at->second.safe_at.end()) {
      known.missing.push_back(member);
    } else {
      known.safe_at = std::max(known.safe_at, safe->second);
    }
  }
  if (!known.missing.empty()) known.safe_at = LeaseTime::max();
  return known;
}

void Drains::tick(const std::vector<std::string>& members, PeerNetwork& peers) {
  std::vector<std::pair<std::string, DrainQuestion>> questions;
  {
    const std::lock_guard lock(mutex_);
    members_ = members;
    if (drains_.empty()) return;
    const LeaseTime now = clock_.now();
    std::erase_if(drains_, [&](const auto& each) { return now - each.second.wanted > k_kept; });
    for (auto& [key, drain] : drains_) {
      for (const std::string& member : members) {
        if (drain.safe_at.contains(member)) continue;
        LeaseTime& ask_at = drain.ask_at[member];
        if (now < ask_at) continue;
        ask_at = LeaseTime::max();
        questions.emplace_back(member, drain.question);
      }
    }
  }
  for (auto& [member, question] : questions) {
    const Key key = key_of(question);
    peers.ask(member, std::move(question),
              [weak = weak_from_this(), key, name = member](const std::optional<DrainAnswer>& answer) {
                if (const std::shared_ptr<Drains> self = weak.lock()) self->took(key, name, answer);
              });
  }
}

void Drains::took(const Key& key, const std::string& member, const std::optional<DrainAnswer>& answer) {
  const std::lock_guard lock(mutex_);
  const auto at = drains_.find(key);
  if (at == drains_.end()) return;
  at->second.ask_at[member] = clock_.now() + k_ask_again;
  if (answer && answer->is_applied) at->second.safe_at[member] = clock_.now() + answer->safe_in;
}

}  // namespace rollcall::cluster
