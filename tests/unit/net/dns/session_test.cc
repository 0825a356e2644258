// DNS over TCP: RFC 1035 §4.2.2, RFC 7766.
#include <string>
#include <vector>

#include "catch.h"
#include "unit/net/world.h"

namespace rollcall::net {
namespace {

using namespace testing;
using answer::Transport;
using answer::testing::Answered;
using answer::testing::Ask;
using dns::Type;

Ask web(std::uint16_t id = 1) {
  return {.name = "web.svc.internal", .type = Type::a, .payload = {}, .transport = Transport::tcp, .id = id};
}
Answered read(Client& client, const Ask& ask) { return read_answer(ask, client.read_message()); }

TEST_CASE("a query over TCP is answered, and the connection stays") {
  World world;
  world.add("web", "i-1");
  Client client = world.dns();
  for (std::uint16_t id = 1; id <= 3; ++id) {
    client.send(with_length(query_of(web(id))));
    CHECK(read(client, web(id)).answer == std::vector<std::string>{"web.svc.internal. 1 A 192.0.2.1"});
  }
}

TEST_CASE("a query may come octet by octet") {
  World world;
  world.add("web", "i-1");
  Client client = world.dns();
  for (std::uint16_t id = 1; id <= 2; ++id) {
    for (const std::uint8_t octet : with_length(query_of(web(id)))) client.send(std::vector{octet});
    CHECK(read(client, web(id)).answer.size() == 1);
  }
}

TEST_CASE("queries that come together are answered in their order") {
  World world;
  world.add("web", "i-1");
  Client client = world.dns();
  std::vector<std::uint8_t> together;
  for (std::uint16_t id = 1; id <= 100; ++id) {
    const std::vector<std::uint8_t> framed = with_length(query_of(web(id)));
    together.insert(together.end(), framed.begin(), framed.end());
  }
  SECTION("in one piece") { client.send(together); }
  SECTION("cut in the middle of a length") {
    const std::ptrdiff_t cut = 50 * std::ssize(with_length(query_of(web()))) + 1;
    client.send(std::vector(together.begin(), together.begin() + cut));
    CHECK(read(client, web(1)).answer.size() == 1);
    client.send(std::vector(together.begin() + cut, together.end()));
    for (std::uint16_t id = 2; id <= 100; ++id) REQUIRE(read(client, web(id)).answer.size() == 1);
    return;
  }
  for (std::uint16_t id = 1; id <= 100; ++id) REQUIRE(read(client, web(id)).answer.size() == 1);
}

TEST_CASE("more answers than are held back at once come all the same") {
  World world;
  for (int i = 0; i < 200; ++i) world.add("web", "i-" + std::to_string(i));
  Client client = world.dns();
  Ask ask = web();
  ask.type = Type::srv;  // 8 KB each: 200 of them are six times the backlog
  std::jthread sender([&client, ask]() mutable {
    for (ask.id = 1; ask.id <= 200; ++ask.id) client.send(with_length(query_of(ask)));
  });
  for (std::uint16_t id = 1; id <= 200; ++id) {
    ask.id = id;
    REQUIRE(read(client, ask).answer.size() == 200);
  }
}

// Asks 240 times for 60 KB: more than the sockets' buffers hold.
class LargeAnswers {
 public:
  LargeAnswers() {
    for (int i = 0; i < 700; ++i) world_.add("web", "an-instance-with-a-long-name-" + std::to_string(i));
    Ask ask = web();
    ask.type = Type::srv;
    client_.keep_little();
    for (ask.id = 1; ask.id <= k_count; ++ask.id) client_.send(with_length(query_of(ask)));
  }

  static constexpr std::uint16_t k_count = 240;
  static constexpr std::chrono::milliseconds k_write = 300ms;

  [[nodiscard]] Client& client() { return client_; }
  [[nodiscard]] const ConnectionCounters& counters() { return world_.server().dns_connections(); }

 private:
  World world_{{.dns_write = k_write}};
  Client client_ = world_.dns();
};

TEST_CASE("a client that reads slowly, and goes on, gets all its answers") {
  LargeAnswers large;
  const auto begin = std::chrono::steady_clock::now();
  for (std::uint16_t id = 1; id <= LargeAnswers::k_count; ++id) {
    const std::vector<std::uint8_t> message = large.client().read_message();
    REQUIRE(load_u16(message.data()) == id);
    std::this_thread::sleep_for(10ms);
  }
  CHECK(std::chrono::steady_clock::now() - begin > 4 * LargeAnswers::k_write);
  CHECK(large.counters().timed_out == 0);
}

TEST_CASE("a client that does not read its answers is cut off") {
  LargeAnswers large;
  while (large.counters().open > 0) std::this_thread::yield();
  CHECK(large.counters().timed_out == 1);
}

TEST_CASE("a client that closes its side after asking gets its answers") {
  World world;
  world.add("web", "i-1");
  Client client = world.dns();
  client.send(with_length(query_of(web(1))));
  client.send(with_length(query_of(web(2))));
  client.close_sending();
  CHECK(read(client, web(1)).answer.size() == 1);
  CHECK(read(client, web(2)).answer.size() == 1);
  CHECK(client.is_at_end());
}

TEST_CASE("a query over TCP is not bound to the size for UDP") {
  World world;
  for (int i = 0; i < 200; ++i) world.add("web", "i-" + std::to_string(i));
  Ask ask = web();
  ask.type = Type::srv;
  ask.payload = 512;
  Client client = world.dns();
  client.send(with_length(query_of(ask)));
  const Answered answered = read(client, ask);
  CHECK(answered.answer.size() == 200);
  CHECK_FALSE(answered.truncated);
  ask.transport = Transport::udp;
  Client udp = world.dns_udp();
  udp.send(query_of(ask));
  CHECK(read_answer(ask, udp.receive()).truncated);
}

TEST_CASE("what is no query ends the connection, after the answers to what was") {
  World world;
  world.add("web", "i-1");
  std::vector<std::uint8_t> wrong;
  SECTION("a message of no octets") {}
  SECTION("less than a header") { wrong.assign(11, 0); }
  SECTION("a response") {
    wrong = query_of(web());
    wrong[2] |= 0x80;
  }
  Client client = world.dns();
  client.send(with_length(query_of(web(7))));
  client.send(with_length(wrong));
  CHECK(read(client, web(7)).answer.size() == 1);
  CHECK(client.is_at_end());
}

TEST_CASE("a query that cannot be read is FORMERR, and the next one is answered") {
  World world;
  world.add("web", "i-1");
  Client client = world.dns();
  std::vector<std::uint8_t> broken = query_of(web(9));
  broken.resize(broken.size() - 3);
  client.send(with_length(broken));
  const std::vector<std::uint8_t> formerr = client.read_message();
  REQUIRE(formerr.size() == 12);
  CHECK(load_u16(formerr.data()) == 9);
  CHECK((formerr[3] & 0xf) == 1);
  client.send(with_length(query_of(web(10))));
  CHECK(read(client, web(10)).answer.size() == 1);
}

TEST_CASE("a connection beyond the limit is closed, and one that leaves makes room") {
  World world({.dns = 2, .http = 1000});
  world.add("web", "i-1");
  Client first = world.dns();
  first.send(with_length(query_of(web(1))));
  CHECK(read(first, web(1)).answer.size() == 1);
  {
    Client second = world.dns();
    second.send(with_length(query_of(web(2))));
    CHECK(read(second, web(2)).answer.size() == 1);
    Client third = world.dns();
    CHECK(third.is_at_end());
    CHECK(world.server().dns_connections().refused == 1);
    second.close_sending();
    CHECK(second.is_at_end());  // the server has let go of it
  }
  while (world.server().dns_connections().open > 1) std::this_thread::yield();
  Client fourth = world.dns();
  fourth.send(with_length(query_of(web(4))));
  CHECK(read(fourth, web(4)).answer.size() == 1);
  first.send(with_length(query_of(web(5))));
  CHECK(read(first, web(5)).answer.size() == 1);
}

TEST_CASE("datagrams are answered, and garbage does not end that") {
  World world;
  world.add("web", "i-1");
  Client client = world.dns_udp();
  Ask ask = web(77);
  ask.transport = Transport::udp;
  client.send(std::string("garbage"));
  client.send(std::string(3000, 'x'));
  for (int i = 0; i < 200; ++i) client.send(query_of(ask));
  int answered = 0;
  while (answered < 200) {
    const std::vector<std::uint8_t> message = client.receive();
    if (load_u16(message.data()) != 77) continue;  // the answer to what looked like a question
    REQUIRE(read_answer(ask, message).answer.size() == 1);
    ++answered;
  }
}

TEST_CASE("the server stops while connections are open and queries on their way") {
  World world;
  world.add("web", "i-1");
  Client idle = world.dns();
  Client busy = world.dns();
  busy.send(with_length(query_of(web(1))));
  CHECK(read(busy, web(1)).answer.size() == 1);
  Client half = world.dns();
  half.send(std::string("\0", 1));
  world.stop();
}

}  // namespace
}  // namespace rollcall::net
