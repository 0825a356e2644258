#include "cluster/wire/poll_rules.h"

#include <algorithm>
#include <utility>

namespace rollcall::cluster {

std::expected<PollRequest, PeerRefusal> PollGate::admit(std::string_view name, PollRequest request) {
  if (request.from != name) return std::unexpected(PeerRefusal::name);
  if (request.to_incarnation != ours_ || ours_ == 0) {
    request.fetched = {};
    return request;
  }
  if (request.from_incarnation != theirs_) {
    theirs_ = request.from_incarnation;
    fetched_ = 0;
  }
  const std::uint64_t sequence = request.fetched.sequence;
  // Zero says nothing: whoever begins anew asks for everything.
  const bool goes_back = sequence != 0 && sequence < fetched_;
  if (sequence > given_ || goes_back) return std::unexpected(PeerRefusal::sequence);
  fetched_ = sequence;
  return request;
}

void PollGate::answered(const PollRequest& request, const PollAnswer& answer) {
  if (answer.incarnation != request.to_incarnation) return;  // asked for somebody else: it was given nothing
  if (answer.incarnation != ours_) {
    ours_ = answer.incarnation;
    theirs_ = request.from_incarnation;
    given_ = fetched_ = 0;
  }
  given_ = std::max(given_, answer.fetched.sequence);
}

std::optional<PeerRefusal> judge(const PollRequest& request, const PollAnswer& answer) {
  if (answer.items.size() > k_items_max) return PeerRefusal::too_large;
  if (answer.incarnation != request.to_incarnation || !answer.is_member) {
    // It has heard nobody, and Liveness believes nothing of it.
    if (!answer.items.empty() || answer.complete) return PeerRefusal::malformed;
    return std::nullopt;
  }
  if (answer.fetched.sequence < request.fetched.sequence) return PeerRefusal::sequence;
  if (request.whole_from) {
    if (answer.complete) return PeerRefusal::malformed;
    if (answer.whole_from && *answer.whole_from <= *request.whole_from) return PeerRefusal::sequence;
    return std::nullopt;
  }
  if (answer.whole_from) return PeerRefusal::malformed;
  // Each item of the log has a sequence number of its own.
  if (answer.items.size() > answer.fetched.sequence - request.fetched.sequence) return PeerRefusal::sequence;
  return std::nullopt;
}

}  // namespace rollcall::cluster
