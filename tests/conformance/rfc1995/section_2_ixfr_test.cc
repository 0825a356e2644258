#include <algorithm>

#include "catch.h"
#include "conformance/ask.h"
#include "conformance/server.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

std::uint32_t serial_of(const Record& soa) {
  // The SOA's names may be pointers: the numbers are at its end.
  const auto at = soa.rdata.end() - 20;
  return static_cast<std::uint32_t>(at[0]) << 24 | static_cast<std::uint32_t>(at[1]) << 16 |
         static_cast<std::uint32_t>(at[2]) << 8 | at[3];
}
std::uint32_t serial_now() { return serial_of(ask({"c.test.", Type::soa}).answer().at(0)); }

Octets ixfr_from(std::uint32_t serial, std::string_view zone = "c.test.") {
  Octets rdata{0, 0};  // two names: the root
  rdata.insert(rdata.end(), {static_cast<std::uint8_t>(serial >> 24), static_cast<std::uint8_t>(serial >> 16),
                             static_cast<std::uint8_t>(serial >> 8), static_cast<std::uint8_t>(serial)});
  rdata.resize(22);
  return message({.authorities = 1}, {question(zone, Type::ixfr), record(name(zone), Type::soa, k_class_in, 0, rdata)});
}

TEST_CASE("RFC 1995 §3: IXFR without the client's SOA is malformed", "[roll]") {
  CHECK(shape(ask({"c.test.", Type::ixfr})) == "FORMERR 0/0/0");
  CHECK(shape(ask({"c.test.", Type::ixfr}, Over::tcp)) == "FORMERR 0/0/0");
}

TEST_CASE("RFC 1995 §2: a client that is up to date gets the SOA alone", "[roll]") {
  const std::uint32_t now = serial_now();
  for (const std::uint32_t serial : {now, now + 1}) {
    for (const Over over : {Over::udp, Over::tcp}) {
      const Message reply = exchange(ixfr_from(serial), over);
      CHECK(shape(reply) == "NOERROR AA 1/0/0");
      CHECK(serial_of(reply.answer().at(0)) == now);
    }
  }
}

TEST_CASE("RFC 1995 §2: what does not fit over UDP is one SOA; over TCP it is the zone", "[roll]") {
  const std::uint32_t unknown = serial_now() - 1'000'000;
  CHECK(shape(exchange(ixfr_from(unknown))) == "NOERROR AA 1/0/0");
  const Message whole = exchange(ixfr_from(unknown), Over::tcp);
  REQUIRE(whole.answer().size() > 100);
  CHECK(whole.answer()[1].type != Type::soa);
}

TEST_CASE("RFC 1995 §4: a change is sent as what went and what came, between SOAs", "[roll]") {
  const std::uint32_t before = serial_now();
  register_instance(R"("service":"moving","id":"m-1","address":"192.0.2.77","port":80)");
  for (int i = 0; i < 100'000 && serial_now() == before; ++i) {  // each is a question and its answer
  }
  const std::uint32_t now = serial_now();
  REQUIRE(now != before);
  const Message reply = exchange(ixfr_from(before), Over::tcp);
  const std::vector<Record>& records = reply.answer();
  REQUIRE(records.size() > 4);
  std::vector<std::uint32_t> serials;
  for (const Record& each : records) {
    if (each.type == Type::soa) serials.push_back(serial_of(each));
  }
  CHECK(serials == std::vector{now, before, now, now});
  CHECK(records[1].type == Type::soa);
  const Lines lines = answers(reply);
  CHECK(std::ranges::find(lines, "moving.c.test. 1 IN A 192.0.2.77") != lines.end());
  deregister("moving", "m-1");
}

}  // namespace
}  // namespace rollcall::conformance
