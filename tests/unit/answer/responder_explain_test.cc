// `_explain.<name>` TXT, where the settings have it.
#include "catch.h"
#include "unit/answer/world.h"

namespace rollcall::answer {
namespace {

using namespace testing;
using dns::Type;

Answered ask_why(World& world, const std::string& name, Type type = Type::txt, Transport transport = Transport::tcp) {
  const Responder responder(world.zones, world.roster, ResponderSettings{.udp_payload = 1232, .explains = true});
  const Ask ask{.name = name, .type = type, .payload = 1232, .transport = transport};
  const std::vector<std::uint8_t> query = query_of(ask);
  const std::size_t size = responder.respond(query, transport, world.clock.now(), world.room, *world.worker).bytes;
  return read_answer(ask, Bytes(world.room).first(size));
}

TEST_CASE("the name _explain says why, a sentence each, and no cache keeps it") {
  World world;
  world.add_all({{}, {.id = "i-2", .addresses = {"2001:db8::2"}}});
  const Answered answered = ask_why(world, "_explain.web.svc.internal");
  CHECK(answered.rcode == "NOERROR");
  CHECK(answered.flags == "qr aa");
  CHECK(
      answered.answer ==
      Records{"_explain.web.svc.internal. 0 TXT \"web.svc.internal A: NOERROR. web.svc.internal is the service web: 1 "
              "of its 2 instances is in the answer to A.\"",
              "_explain.web.svc.internal. 0 TXT \"i-2: it has no IPv4 address\""});
}

TEST_CASE("the type in front of _explain is the one explained, and SRV where the name has an underscore") {
  World world;
  world.add({});
  CHECK(ask_why(world, "_aaaa._explain.web.svc.internal").answer.at(0).find("web.svc.internal AAAA: NOERROR") !=
        std::string::npos);
  CHECK(ask_why(world, "_explain._web._tcp.svc.internal").answer.at(0).find("_web._tcp.svc.internal SRV: NOERROR") !=
        std::string::npos);
  CHECK(ask_why(world, "_explain.nobody.svc.internal").answer.at(0).find("NXDOMAIN") != std::string::npos);
  CHECK(ask_why(world, "_nonsense._explain.web.svc.internal").rcode == "NXDOMAIN");
  CHECK(ask_why(world, "_axfr._explain.web.svc.internal").rcode == "NXDOMAIN");
}

TEST_CASE("_explain has TXT alone, and only in our zones") {
  World world;
  world.add({});
  const Answered address = ask_why(world, "_explain.web.svc.internal", Type::a);
  CHECK(address.rcode == "NOERROR");
  CHECK(address.answer.empty());
  CHECK(address.authority.size() == 1);
  CHECK(ask_why(world, "_explain.www.example.org").rcode == "REFUSED");
  CHECK(ask_why(world, "_explain.svc.internal").answer.at(0).find("svc.internal A: NOERROR") != std::string::npos);
}

TEST_CASE("what does not fit into a datagram is truncated") {
  World world;
  std::vector<Entry> entries;
  for (int i = 0; i < 100; ++i) entries.push_back({.id = "i-" + std::to_string(i), .addresses = {"2001:db8::1"}});
  world.add_all(entries);
  const Answered answered = ask_why(world, "_explain.web.svc.internal", Type::txt, Transport::udp);
  CHECK(answered.truncated);
  CHECK(answered.size <= 1232);
  CHECK(ask_why(world, "_explain.web.svc.internal").answer.size() == 101);
}

TEST_CASE("where it is not switched on the name _explain is as if it were not there") {
  World world;
  world.add({});
  CHECK(world.ask("_explain.web.svc.internal", Type::txt).rcode == "NXDOMAIN");
  CHECK(world.ask("_explain.svc.internal", Type::txt).rcode == "NXDOMAIN");
}

}  // namespace
}  // namespace rollcall::answer
