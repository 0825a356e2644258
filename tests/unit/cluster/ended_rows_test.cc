// What a node has heard for a registration that was ended and made again behind its back.
#include "catch.h"
#include "cluster/liveness.h"

namespace rollcall::cluster {
namespace {

using std::chrono::seconds;

constexpr InstanceId k_id{{1, 2, 3}};

Now at(seconds time) { return {Raw{time}, Own{time}}; }

NodeSeen node(const std::string& name, Incarnation incarnation, Revision created) {
  return {
      .name = name, .incarnation = incarnation, .created = created, .changed = created, .is_member = true, .hears = {}};
}

// A member of two, `a` and `b`, that has one instance of ttl 10 s at revision 5.
struct OneMember : Liveness {
  explicit OneMember(const std::string& name)
      : Liveness({.name = name, .clocks_apart = 0, .rules = {}}, at(seconds(100))) {
    begin(name == "a" ? 11 : 12, {}, at(seconds(100)));
    RollSnapshot roll;
    roll.revision = 5;
    roll.members = 4;
    roll.instances = {{k_id, seconds(10), 5}};
    roll.nodes = {node("a", 11, 3), node("b", 12, 4)};
    read(roll, at(seconds(100)));
    proved(at(seconds(1'000)).raw, 5, at(seconds(100)));
  }
};

RollRevision ended(Revision revision) {
  RollRevision changes;
  changes.revision = revision;
  changes.ended = {k_id};
  return changes;
}

RollRevision made(Revision revision) {
  RollRevision changes;
  changes.revision = revision;
  changes.put = {{k_id, seconds(10), revision}};
  return changes;
}

std::size_t items_fetched(Liveness& from, Liveness& to, Now now) {
  for (const SentPoll& poll : to.polls(now)) {
    const PollAnswer answer = from.answer(poll.request, now);
    to.take(poll, answer, now);
    return answer.items.size();
  }
  return 0;
}

TEST_CASE("a heartbeat heard for a registration that was ended and made again was lost to the other members") {
  OneMember a("a");
  OneMember b("b");
  b.apply(ended(6), at(seconds(102)));
  b.apply(made(7), at(seconds(103)));
  // The watch of `a` is late: it answers for the registration it knows.
  REQUIRE(a.confirm(k_id, 5, at(seconds(104)).raw, at(seconds(104))) == Verdict::answer);
  a.apply(ended(6), at(seconds(105)));
  CHECK_FALSE(a.knows(k_id));
  CHECK(a.heartbeat(k_id, at(seconds(105))).verdict == Verdict::unknown);
  a.apply(made(7), at(seconds(105)));
  CHECK(a.knows(k_id));
  CHECK(items_fetched(a, b, at(seconds(106))) == 1);
}

TEST_CASE("what was heard for a registration that has ended is kept until every member has fetched it, and no longer") {
  OneMember a("a");
  OneMember b("b");
  REQUIRE(a.confirm(k_id, 5, at(seconds(101)).raw, at(seconds(101))) == Verdict::answer);
  a.apply(ended(6), at(seconds(102)));
  CHECK(a.size() == 0);
  CHECK(items_fetched(a, b, at(seconds(103))) == 1);
  static_cast<void>(items_fetched(a, b, at(seconds(104))));  // the next poll says what has come
  static_cast<void>(a.tick(at(seconds(105))));
  CHECK(a.size() == 0);
  a.apply(made(7), at(seconds(106)));
  CHECK(items_fetched(a, b, at(seconds(107))) == 0);
}

}  // namespace
}  // namespace rollcall::cluster
