#include "conformance/ask.h"

#include "catch.h"
#include "conformance/server.h"

namespace rollcall::conformance {
namespace {

constexpr std::size_t k_udp_answer_bytes_max = 1232;  // as shipped

std::optional<Octets> send_and_receive(const Octets& query, Over over) {
  if (over == Over::tcp) {
    Tcp connection(dns_server());
    connection.send(query);
    return connection.receive();
  }
  Udp socket(dns_server());
  socket.send(query);
  return socket.receive();
}

std::uint16_t word(const Octets& octets, std::size_t at) {
  return static_cast<std::uint16_t>(octets[at] << 8 | octets[at + 1]);
}

}  // namespace

Octets write(const Query& query) {
  const Octets asked = question(query.name, query.type, query.klass);
  if (!query.payload) return message({.flags = query.flags}, {asked});
  return message({.flags = query.flags, .additionals = 1}, {asked, opt(*query.payload)});
}

Message exchange(const Octets& query, Over over) {
  const std::optional<Octets> octets = send_and_receive(query, over);
  REQUIRE(octets);
  const auto reply = parse_message(*octets);
  if (!reply) FAIL(reply.error());
  CHECK(reply->has(0x8000));
  CHECK_FALSE(reply->has(0x0080 | 0x0040 | 0x0020));  // RA, Z, AD
  CHECK(reply->id == word(query, 0));
  CHECK(reply->opcode() == (word(query, 2) >> 11 & 0xfU));
  if (over == Over::udp) CHECK(octets->size() <= k_udp_answer_bytes_max);
  return *reply;
}

Message ask(const Query& query, Over over) {
  INFO(query.name);
  Message reply = exchange(write(query), over);
  CHECK(reply.question == question(query.name, query.type, query.klass));
  CHECK(reply.opt.has_value() == query.payload.has_value());
  if (over == Over::udp) CHECK(reply.octets.size() <= std::max<std::size_t>(query.payload.value_or(512), 512));
  return reply;
}

std::optional<Octets> option_of(const Message& reply, std::uint16_t code) {
  std::optional<Octets> found;
  if (!reply.opt) return found;
  const Octets& octets = reply.opt->rdata;
  std::size_t at = 0;
  while (at < octets.size()) {
    REQUIRE(octets.size() - at >= 4);
    const std::size_t length = word(octets, at + 2);
    REQUIRE(octets.size() - at - 4 >= length);
    if (word(octets, at) == code) {
      REQUIRE_FALSE(found);
      const auto begin = octets.begin() + static_cast<std::ptrdiff_t>(at + 4);
      found.emplace(begin, begin + static_cast<std::ptrdiff_t>(length));
    }
    at += 4 + length;
  }
  return found;
}

bool is_met_with_silence(const Octets& datagram) {
  constexpr std::uint16_t k_next = 0x4e58;
  Udp socket(dns_server());  // one socket: one worker answers both, in their order
  socket.send(datagram);
  socket.send(message({.id = k_next}, {question("www.c.test.", dns::Type::a)}));
  const std::optional<Octets> first = socket.receive();
  REQUIRE(first);
  REQUIRE(first->size() >= 12);
  return word(*first, 0) == k_next;
}

void check_nodata(const Message& reply) {
  CHECK(shape(reply) == "NOERROR AA 0/1/0");
  CHECK(authorities(reply) == Lines{std::string(k_negative_soa)});
}

void check_nxdomain(const Message& reply) {
  CHECK(shape(reply) == "NXDOMAIN AA 0/1/0");
  CHECK(authorities(reply) == Lines{std::string(k_negative_soa)});
}

void check_refused(const Message& reply) { CHECK(shape(reply) == "REFUSED 0/0/0"); }

}  // namespace rollcall::conformance
