#include <initializer_list>
#include <string>

#include "catch.h"
#include "conformance/ask.h"
#include "conformance/server.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

// `count` instances with one address each, and names long enough to fill an answer.
void register_fleet(const std::string& service, int count) {
  for (int i = 1; i <= count; ++i) {
    const std::string number = std::to_string(i);
    register_instance("\"service\":\"" + service + R"(","id":"member-)" + number + R"(","address":"198.51.100.)" +
                      number + R"(","port":80)");
  }
}

TEST_CASE("RFC 2181 §9: addresses that do not fit have TC, and as many as fit, always the same", "[roll]") {
  register_fleet("fleet", 40);
  const Message first = ask({"fleet.c.test."});
  CHECK(head(first) == "NOERROR AA TC");
  CHECK(first.answer().size() == 30);  // (512 - 30) / 16
  for (int i = 0; i < 5; ++i) CHECK(answers(ask({"fleet.c.test."})) == answers(first));
  CHECK(shape(ask({"fleet.c.test.", Type::a, k_class_in, 0, 1232})) == "NOERROR AA 40/0/0");
}

TEST_CASE("RFC 2181 §9: SRV records that do not fit have TC, and as many as fit, always the same", "[roll]") {
  register_fleet("fleet", 40);
  const Message first = ask({"_fleet._tcp.c.test.", Type::srv});
  CHECK(head(first) == "NOERROR AA TC");
  CHECK(first.answer().size() > 8);
  CHECK(first.additional().empty());
  for (int i = 0; i < 5; ++i) CHECK(answers(ask({"_fleet._tcp.c.test.", Type::srv})) == answers(first));
  CHECK(shape(ask({"_fleet._tcp.c.test.", Type::srv}, Over::tcp)) == "NOERROR AA 40/0/40");
}

TEST_CASE("RFC 2181 §9: addresses of targets that do not fit are left out, without TC", "[roll]") {
  register_fleet("trio", 10);
  const Message reply = ask({"trio.c.test.", Type::srv});
  CHECK(head(reply) == "NOERROR AA");
  CHECK(reply.answer().size() == 10);
  CHECK(reply.additional().size() < 10);
}

TEST_CASE("RFC 6891 §6.2.3: a service's answers obey the payload size, and OPT stays", "[roll]") {
  register_fleet("fleet", 40);
  for (const std::uint16_t payload : std::initializer_list<std::uint16_t>{0, 512, 600, 1232, 65535}) {
    INFO(payload);
    CHECK(ask({"fleet.c.test.", Type::a, k_class_in, 0, payload}).opt);
    CHECK(ask({"_fleet._tcp.c.test.", Type::srv, k_class_in, 0, payload}).opt);
  }
  CHECK(shape(ask({"_fleet._tcp.c.test.", Type::srv, k_class_in, 0, 512}, Over::tcp)) == "NOERROR AA 40/0/40");
}

TEST_CASE("RFC 1035 §4.2.2: what does not even fit into 65535 octets has TC over TCP too", "[roll]") {
  constexpr int k_instances = 130;
  constexpr int k_addresses = 32;  // each; 130 * 32 * 16 octets are too many
  for (int i = 0; i < k_instances; ++i) {
    std::string addresses;
    for (int j = 0; j < k_addresses; ++j) {
      addresses += (j == 0 ? "\"10." : ",\"10.") + std::to_string(i) + ".0." + std::to_string(j) + '"';
    }
    register_instance(R"("service":"huge","id":"i-)" + std::to_string(i) + R"(","port":80,"addresses":[)" + addresses +
                      "]");
  }
  const Message reply = ask({"huge.c.test."}, Over::tcp);
  CHECK(head(reply) == "NOERROR AA TC");
  CHECK(reply.answer().size() == (65535 - 12 - 17) / 16);
}

}  // namespace
}  // namespace rollcall::conformance
