// The engine over a real etcd. Nothing here looks at a clock to judge speed; what waits, waits for something to happen.
#include "cluster/etcd/etcd_engine.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include "catch.h"
#include "support/etcd/etcd_server.h"

namespace rollcall::cluster::etcd {
namespace {

using std::chrono::seconds;
using testing_server = rollcall::testing::EtcdServer;

constexpr seconds k_patience{20};

std::unique_ptr<EtcdEngine> make_engine(EngineSettings settings) {
  auto made = EtcdEngine::make(settings);
  REQUIRE(made);
  return std::move(*made);
}
std::unique_ptr<EtcdEngine> make_engine(const testing_server& server) {
  return make_engine({.endpoints = server.endpoints(), .session = seconds(2)});
}

template <class T, class Ask>
T wait_for(Ask&& ask) {
  auto promise = std::make_shared<std::promise<T>>();
  std::future<T> future = promise->get_future();
  ask([promise](T value) { promise->set_value(std::move(value)); });
  REQUIRE(future.wait_for(k_patience) == std::future_status::ready);
  return future.get();
}

Committed commit(Engine& engine, Transaction transaction) {
  return wait_for<Committed>([&](auto done) { engine.commit(std::move(transaction), done); });
}
Committed put(Engine& engine, std::string key, std::string value, bool in_session = false) {
  return commit(engine, {.puts = {{std::move(key), std::move(value), in_session}}});
}
Snapshot read(Engine& engine, Reading reading) {
  return wait_for<Snapshot>([&](auto done) { engine.read(std::move(reading), done); });
}
Snapshot read(Engine& engine, const std::string& key) { return read(engine, Reading{.range = {key, {}}}); }
EngineState look(Engine& engine) {
  return wait_for<EngineState>([&](auto done) { engine.look(done); });
}
bool open_session(Engine& engine, std::function<void()> renewed = [] {}) {
  return wait_for<bool>([&](auto done) { engine.open_session(done, renewed); });
}

template <class Happened>
bool comes_true(Happened&& happened) {
  const auto until = std::chrono::steady_clock::now() + k_patience;
  while (std::chrono::steady_clock::now() < until) {
    if (happened()) return true;
    std::this_thread::sleep_for(milliseconds(20));
  }
  return false;
}

class Seen final : public Watcher {
 public:
  void see(const RevisionEvents& events) override {
    const std::lock_guard lock(mutex_);
    events_.push_back(events);
    changed_.notify_all();
  }
  void ended(End why) override {
    const std::lock_guard lock(mutex_);
    ends_.push_back(why);
    changed_.notify_all();
  }
  RevisionEvents next() {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, k_patience, [this] { return !events_.empty(); }));
    RevisionEvents first = std::move(events_.front());
    events_.pop_front();
    return first;
  }
  End wait_for_end() {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, k_patience, [this] { return !ends_.empty(); }));
    return ends_.front();
  }
  std::size_t ends() {
    const std::lock_guard lock(mutex_);
    return ends_.size();
  }
  bool is_empty() {
    const std::lock_guard lock(mutex_);
    return events_.empty();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<RevisionEvents> events_;
  std::vector<End> ends_;
};

TEST_CASE("a guarded transaction is applied while what it compares holds, and reads what differs otherwise") {
  const testing_server server;
  const auto engine = make_engine(server);

  const Committed created =
      commit(*engine, {.compares = {{"a", Compare::Target::create_revision, 0}}, .puts = {{"a", "1"}}});
  CHECK(created.outcome == CommitOutcome::applied);
  CHECK(created.header.cluster_id != 0);
  const Committed again = commit(*engine, {.compares = {{"a", Compare::Target::create_revision, 0}},
                                           .puts = {{"a", "2"}},
                                           .otherwise = {{"a", {}}, {"b", {}}}});
  CHECK(again.outcome == CommitOutcome::differed);
  REQUIRE(again.read.size() == 1);
  CHECK(again.read[0].value == "1");
  CHECK(again.read[0].changed == created.header.revision);
  const Committed changed = commit(
      *engine, {.compares = {{"a", Compare::Target::mod_revision, created.header.revision}}, .puts = {{"a", "3"}}});
  CHECK(changed.outcome == CommitOutcome::applied);
  const Snapshot now = read(*engine, "a");
  REQUIRE(now.keys.size() == 1);
  CHECK(now.keys[0].value == "3");
  CHECK(now.keys[0].version == 2);
  CHECK(now.keys[0].created == created.header.revision);

  // Through the agreement of all members, and without a revision: what a session is proved with.
  const Committed proof = commit(
      *engine,
      {.compares = {{"a", Compare::Target::create_revision, created.header.revision}}, .deletes = {"never there"}});
  CHECK(proof.outcome == CommitOutcome::applied);
  CHECK(proof.header.revision == changed.header.revision);
}

TEST_CASE("a range is read in pages, and as it was at a revision") {
  const testing_server server;
  const auto engine = make_engine(server);
  Revision third = 0;
  for (int i = 0; i < 5; ++i) {
    const Committed done = put(*engine, "k/" + std::to_string(i), "v");
    if (i == 2) third = done.header.revision;
  }
  const Snapshot page = read(*engine, Reading{.range = range_of_prefix("k/"), .keys_max = 2});
  CHECK(page.more);
  REQUIRE(page.keys.size() == 2);
  CHECK(page.keys[1].key == "k/1");
  const Snapshot then = read(*engine, Reading{.range = range_of_prefix("k/"), .at = third});
  CHECK(then.keys.size() == 3);
  CHECK_FALSE(then.more);

  server.control({"compact", std::to_string(third + 1)});
  CHECK(read(*engine, Reading{.range = range_of_prefix("k/"), .at = third}).outcome == ReadOutcome::compacted);
}

TEST_CASE("a watch shows whole revisions in order, from the past into the present") {
  const testing_server server;
  const auto engine = make_engine(server);
  const Committed first = commit(*engine, {.puts = {{"w/a", "1"}, {"w/b", "1"}}});
  REQUIRE(put(*engine, "other", "x").outcome == CommitOutcome::applied);
  const auto seen = std::make_shared<Seen>();
  engine->watch("w/", first.header.revision, seen);
  const RevisionEvents past = seen->next();
  CHECK(past.revision == first.header.revision);
  REQUIRE(past.events.size() == 2);
  CHECK(past.events[1].now.key == "w/b");

  const Committed second = commit(*engine, {.puts = {{"w/c", "2"}}, .deletes = {"w/a"}});
  const RevisionEvents present = seen->next();
  CHECK(present.revision == second.header.revision);
  REQUIRE(present.events.size() == 2);
  CHECK(std::ranges::count_if(present.events, &KeyEvent::deleted) == 1);

  SECTION("a second watch ends the first, of which nothing more comes") {
    const auto other = std::make_shared<Seen>();
    engine->watch("w/", second.header.revision + 1, other);
    put(*engine, "w/d", "3");
    CHECK(other->next().events[0].now.key == "w/d");
    CHECK(seen->is_empty());
    CHECK(seen->ends() == 0);
  }
  SECTION("what is compacted cannot be watched") {
    put(*engine, "w/e", "4");
    server.control({"compact", std::to_string(second.header.revision + 1)});
    const auto late = std::make_shared<Seen>();
    engine->watch("w/", first.header.revision, late);
    CHECK(late->wait_for_end() == Watcher::End::compacted);
  }
  SECTION("moving on ends it") {
    engine->move_on();
    CHECK(seen->wait_for_end() == Watcher::End::disconnected);
  }
}

TEST_CASE("a watch that is far behind gets every revision once") {
  const testing_server server;
  const auto engine = make_engine(server);
  Revision from = 0;
  for (int i = 0; i < 1'500; ++i) {  // etcd sends 1,000 at a time
    Transaction many;
    for (int j = 0; j < 10; ++j) many.puts.push_back({"far/" + std::to_string(j), std::to_string(i)});
    const Committed done = commit(*engine, std::move(many));
    REQUIRE(done.outcome == CommitOutcome::applied);
    if (i == 0) from = done.header.revision;
  }
  const auto seen = std::make_shared<Seen>();
  engine->watch("far/", from, seen);
  for (int i = 0; i < 1'500; ++i) {
    const RevisionEvents events = seen->next();
    REQUIRE(events.revision == from + i);
    REQUIRE(events.events.size() == 10);
  }
}

TEST_CASE("a session's keys are there while it is kept alive, and go with it") {
  const testing_server server;
  const auto engine = make_engine(server);
  std::atomic<int> renewals{0};
  REQUIRE(open_session(*engine, [&] { ++renewals; }));
  const Committed made = put(*engine, "node", "here", true);
  REQUIRE(made.outcome == CommitOutcome::applied);
  CHECK(comes_true([&] { return renewals >= 6; }));  // twice the lease
  const Snapshot now = read(*engine, "node");
  REQUIRE(now.keys.size() == 1);
  CHECK(now.keys[0].lease != 0);

  const auto seen = std::make_shared<Seen>();
  engine->watch("node", made.header.revision + 1, seen);
  SECTION("revoked, they go at once") { engine->close_session(true); }
  SECTION("left, they go when the lease ends") { engine->close_session(false); }
  const RevisionEvents gone = seen->next();
  REQUIRE(gone.events.size() == 1);
  CHECK(gone.events[0].deleted);
  CHECK(put(*engine, "node", "again", true).outcome == CommitOutcome::applied);  // without a lease: there is no session
}

TEST_CASE("a put with a lease that has ended is refused for that") {
  const testing_server server;
  const auto engine = make_engine(server);
  REQUIRE(open_session(*engine));
  REQUIRE(put(*engine, "node", "here", true).outcome == CommitOutcome::applied);
  const Snapshot now = read(*engine, "node");
  char lease[32];
  std::snprintf(lease, sizeof lease, "%lx", static_cast<unsigned long>(now.keys.at(0).lease));
  server.control({"lease", "revoke", lease});
  const Committed refused = put(*engine, "node", "here", true);
  CHECK(refused.outcome == CommitOutcome::refused);
  CHECK(refused.refusal == Refusal::no_lease);
}

TEST_CASE("without space deletions pass, and the rest is refused for that") {
  const testing_server server(1, {"--quota-backend-bytes", "300000"});
  const auto engine = make_engine(server);
  Committed last;
  // etcd counts what is on its disk, which follows every 100 ms.
  for (int i = 0; i < 200 && last.refusal != Refusal::no_space; ++i) {
    last = put(*engine, "big/" + std::to_string(i), std::string(20'000, 'x'));
    if (i > 20) std::this_thread::sleep_for(milliseconds(20));
  }
  CHECK(last.outcome == CommitOutcome::refused);
  CHECK(last.refusal == Refusal::no_space);
  CHECK(commit(*engine, {.deletes = {"big/0"}}).outcome == CommitOutcome::applied);
  const EngineState state = look(*engine);
  CHECK(state.answered);
  CHECK(state.has_no_space);
  CHECK(state.has_leader);
  CHECK(state.database_bytes > 200'000);
  CHECK(state.version.starts_with("3."));
  CHECK(state.endpoint == server.endpoint());
}

TEST_CASE("more operations than etcd takes are refused") {
  const testing_server server;
  const auto engine = make_engine(server);
  Transaction many;
  for (std::size_t i = 0; i < k_operations_max + 1; ++i) many.puts.push_back({"m/" + std::to_string(i), "v"});
  const Committed refused = commit(*engine, std::move(many));
  CHECK(refused.outcome == CommitOutcome::refused);
  CHECK(refused.refusal == Refusal::too_large);
  const Committed large = put(*engine, "large", std::string(2'000'000, 'x'));
  CHECK(large.outcome == CommitOutcome::refused);
  CHECK(large.refusal == Refusal::too_large);
}

TEST_CASE("an etcd that dies leaves outcomes unknown and ends the watch; one that comes back is found again") {
  testing_server server;
  const auto engine = make_engine(server);
  REQUIRE(put(*engine, "a", "1").outcome == CommitOutcome::applied);
  const auto seen = std::make_shared<Seen>();
  engine->watch("a", 1, seen);
  seen->next();
  server.kill(0);
  CHECK(seen->wait_for_end() == Watcher::End::disconnected);
  CHECK(put(*engine, "a", "2").outcome == CommitOutcome::unknown);
  CHECK(read(*engine, "a").outcome == ReadOutcome::no_answer);
  CHECK_FALSE(look(*engine).answered);
  CHECK_FALSE(open_session(*engine));
  server.start(0);
  CHECK(comes_true([&] { return put(*engine, "a", "3").outcome == CommitOutcome::applied; }));
}

TEST_CASE("of three members one may die or hang: the next is asked") {
  testing_server server(3);
  const auto engine = make_engine({.endpoints = server.endpoints(), .call_deadline = milliseconds(1'000)});
  REQUIRE(put(*engine, "a", "1").outcome == CommitOutcome::applied);
  REQUIRE(open_session(*engine));
  const Committed node = put(*engine, "node", "here", true);
  REQUIRE(node.outcome == CommitOutcome::applied);
  SECTION("killed") { server.kill(0); }
  SECTION("stopped") { server.stop(0); }
  CHECK(comes_true([&] { return put(*engine, "a", "2").outcome == CommitOutcome::applied; }));
  CHECK(look(*engine).endpoint != server.endpoint(0));
  std::this_thread::sleep_for(seconds(6));  // longer than the lease: the session is kept alive elsewhere
  CHECK(read(*engine, "node").keys.size() == 1);
}

TEST_CASE("a member that has lost the others ends its watch") {
  testing_server server(3);
  const auto engine = make_engine({.endpoints = {server.endpoint(0)}});
  REQUIRE(put(*engine, "a", "1").outcome == CommitOutcome::applied);
  const auto seen = std::make_shared<Seen>();
  engine->watch("a", 1, seen);
  seen->next();
  server.kill(1);
  server.kill(2);
  CHECK(seen->wait_for_end() == Watcher::End::disconnected);
  CHECK(put(*engine, "a", "2").outcome == CommitOutcome::unknown);
}

TEST_CASE("whoever logs in does so again when the token has run out") {
  const testing_server server(1, {"--auth-token-ttl", "3"});
  for (const auto& command : std::vector<std::vector<std::string>>{
           {"user", "add", "root:secret"}, {"user", "grant-role", "root", "root"}, {"auth", "enable"}}) {
    server.control(command);
  }
  const auto engine = make_engine({.endpoints = server.endpoints(), .user = "root", .password = "secret"});
  CHECK(put(*engine, "a", "1").outcome == CommitOutcome::applied);
  std::this_thread::sleep_for(seconds(7));
  CHECK(put(*engine, "a", "2").outcome == CommitOutcome::applied);
  CHECK(read(*engine, "a").keys.size() == 1);
  CHECK(open_session(*engine));
  const auto seen = std::make_shared<Seen>();
  engine->watch("a", 1, seen);
  CHECK(seen->next().events.size() == 1);

  const auto wrong = make_engine({.endpoints = server.endpoints(), .user = "root", .password = "guess"});
  const Committed refused = put(*wrong, "a", "3");
  CHECK(refused.outcome == CommitOutcome::refused);
  CHECK(refused.refusal == Refusal::not_allowed);
  const auto nobody = make_engine(server);
  CHECK(put(*nobody, "a", "4").refusal == Refusal::not_allowed);
}

TEST_CASE("what cannot work as settings is told before anything is asked") {
  const auto why = [](EngineSettings settings) {
    const auto made = EtcdEngine::make(settings);
    return made ? std::string() : made.error().message;
  };
  CHECK(why({}) == "etcd needs one endpoint at least");
  CHECK(why({.endpoints = {"https://a:1", "http://b:1"}}).starts_with("etcd's endpoints are all https:// or none is"));
  CHECK(why({.endpoints = {"ftp://a:1"}}).starts_with("an endpoint of etcd is"));
  CHECK(why({.endpoints = {"a"}}).starts_with("an endpoint of etcd is"));
  CHECK(why({.endpoints = {"a:b"}}).starts_with("an endpoint of etcd is"));
  CHECK(why({.endpoints = {"https://a:1"}, .certificate = "x"}).starts_with("a client certificate"));
  CHECK(why({.endpoints = {"a:1"}, .authorities = "x"}).starts_with("certificates are for endpoints"));
}

TEST_CASE("an engine ends while calls are under way, and calls nobody back") {
  const std::uint16_t nobody = rollcall::testing::free_port();
  std::atomic<int> called{0};
  const auto seen = std::make_shared<Seen>();
  {
    const auto engine = make_engine({.endpoints = {"127.0.0.1:" + std::to_string(nobody)}});
    for (int i = 0; i < 100; ++i) {
      engine->read({.range = {"a", {}}}, [&](Snapshot) { ++called; });
      engine->watch("a", 1, seen);
    }
    engine->open_session([&](bool) { ++called; }, [] {});
  }
  const int before = called;
  const std::size_t ends = seen->ends();
  std::this_thread::sleep_for(milliseconds(200));
  CHECK(called == before);
  CHECK(seen->ends() == ends);
}

}  // namespace
}  // namespace rollcall::cluster::etcd
