#include "cluster/wire/poll_rules.h"

#include "catch.h"

namespace rollcall::cluster {
namespace {

constexpr Incarnation k_we = 70;

PollRequest poll_for(std::uint64_t sequence, Incarnation to = k_we, Incarnation from = 1) {
  return {.from = "n2", .from_incarnation = from, .to_incarnation = to, .fetched = {sequence, 3}, .whole_from = {}};
}

PollAnswer answer_up_to(std::uint64_t sequence, std::size_t items = 0) {
  PollAnswer answer{.incarnation = k_we, .is_member = true, .applied = 5, .items = {}, .fetched = {sequence, 4}};
  answer.items.resize(items);
  return answer;
}

// A gate that has answered up to `sequence`.
PollGate gate_at(std::uint64_t sequence) {
  PollGate gate;
  const auto first = gate.admit("n2", poll_for(0));
  REQUIRE(first.has_value());
  gate.answered(*first, answer_up_to(sequence));
  return gate;
}

TEST_CASE("a poll of another name than the connection's is refused") {
  PollGate gate;
  CHECK(gate.admit("n3", poll_for(0)).error() == PeerRefusal::name);
}

TEST_CASE("what was never given out cannot have been fetched") {
  PollGate gate = gate_at(10);
  CHECK(gate.admit("n2", poll_for(10)).has_value());
  CHECK(gate.admit("n2", poll_for(11)).error() == PeerRefusal::sequence);
  CHECK(gate.admit("n2", poll_for(UINT64_MAX)).error() == PeerRefusal::sequence);
}

TEST_CASE("before anything was answered a poll is one from the begin, whatever it says") {
  PollGate gate;
  const auto admitted = gate.admit("n2", poll_for(1'000));
  REQUIRE(admitted.has_value());
  CHECK(admitted->fetched.sequence == 0);
}

TEST_CASE("a place in the log does not go back, but a peer may begin anew") {
  PollGate gate = gate_at(10);
  CHECK(gate.admit("n2", poll_for(8)).has_value());
  CHECK(gate.admit("n2", poll_for(7)).error() == PeerRefusal::sequence);
  CHECK(gate.admit("n2", poll_for(0)).has_value());
  CHECK(gate.admit("n2", poll_for(7)).has_value());
  CHECK(gate.admit("n2", poll_for(3, k_we, 2)).has_value());
}

TEST_CASE("a new incarnation of ours has given out nothing yet") {
  PollGate gate = gate_at(10);
  const auto admitted = gate.admit("n2", poll_for(9, k_we + 1));
  REQUIRE(admitted.has_value());
  CHECK(admitted->fetched.sequence == 0);
  PollAnswer answer = answer_up_to(2);
  answer.incarnation = k_we + 1;
  gate.answered(*admitted, answer);
  CHECK(gate.admit("n2", poll_for(2, k_we + 1)).has_value());
  CHECK(gate.admit("n2", poll_for(3, k_we + 1)).error() == PeerRefusal::sequence);
}

TEST_CASE("an answer in place of another incarnation gives out nothing") {
  PollGate gate = gate_at(10);
  PollAnswer other = answer_up_to(99);
  other.incarnation = k_we + 1;
  gate.answered(poll_for(10), other);
  CHECK(gate.admit("n2", poll_for(11)).error() == PeerRefusal::sequence);
}

TEST_CASE("an answer goes on from its poll, with as many items as it has numbers") {
  CHECK_FALSE(judge(poll_for(5), answer_up_to(5)));
  CHECK_FALSE(judge(poll_for(5), answer_up_to(8, 3)));
  CHECK(judge(poll_for(5), answer_up_to(4)) == PeerRefusal::sequence);
  CHECK(judge(poll_for(5), answer_up_to(8, 4)) == PeerRefusal::sequence);
  CHECK(judge(poll_for(5), answer_up_to(1'000'000, k_items_max + 1)) == PeerRefusal::too_large);
  PollAnswer whole = answer_up_to(8);
  whole.whole_from = 3;
  CHECK(judge(poll_for(5), whole) == PeerRefusal::malformed);
}

TEST_CASE("pages of the whole roll go forward, and are not the log") {
  PollRequest request = poll_for(0);
  request.whole_from = 100;
  PollAnswer answer = answer_up_to(0, 50);
  CHECK_FALSE(judge(request, answer));
  answer.whole_from = 150;
  CHECK_FALSE(judge(request, answer));
  answer.whole_from = 100;
  CHECK(judge(request, answer) == PeerRefusal::sequence);
  answer.whole_from = {};
  answer.complete = true;
  CHECK(judge(request, answer) == PeerRefusal::malformed);
}

TEST_CASE("who is no member, or another, has nothing to tell") {
  PollAnswer answer{.incarnation = k_we, .is_member = false};
  CHECK_FALSE(judge(poll_for(5), answer));
  answer.items.resize(1);
  CHECK(judge(poll_for(5), answer) == PeerRefusal::malformed);
  PollAnswer other = answer_up_to(0);
  other.incarnation = k_we + 1;
  CHECK_FALSE(judge(poll_for(5), other));
  other.complete = true;
  CHECK(judge(poll_for(5), other) == PeerRefusal::malformed);
}

}  // namespace
}  // namespace rollcall::cluster
