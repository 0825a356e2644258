#include <ctime>

#include "catch.h"
#include "conformance/ask.h"
#include "conformance/server.h"
#include "dns/tsig.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

dns::TsigKey key(std::string_view name = "transfer", std::string secret = "thirty-two octets of test secret") {
  return {*dns::Name::parse(name), dns::TsigAlgorithm::hmac_sha256, std::move(secret)};
}

Octets sign(const Octets& query, const dns::TsigKey& with = key(), std::int64_t seconds_away = 0) {
  Octets octets = query;
  octets.resize(1024);
  const auto now = static_cast<std::uint64_t>(std::time(nullptr) + seconds_away);
  octets.resize(dns::TsigSigner(with).sign(octets, query.size(), now));
  return octets;
}
const Octets k_query = write({"www.c.test.", Type::a});

// The reply's TSIG: MAC size and error.
struct Signature {
  std::size_t mac_bytes = 0;
  unsigned error = 0;
  std::size_t other_bytes = 0;
};
Signature signature_of(const Message& reply) {
  const std::vector<Record>& records = reply.additional();
  REQUIRE(!records.empty());
  REQUIRE(records.back().type == Type::tsig);
  dns::TsigRecord record;
  REQUIRE(dns::read_tsig_rdata(records.back().rdata, record));
  return {record.mac.size(), record.error, record.other.size()};
}

TEST_CASE("RFC 8945 §5.3: a signed question has a signed answer", "[roll]") {
  for (const Over over : {Over::udp, Over::tcp}) {
    const Message reply = exchange(sign(k_query), over);
    CHECK(reply.rcode() == 0);
    CHECK(reply.answer().size() == 1);
    CHECK(signature_of(reply).mac_bytes == 32);
    CHECK(signature_of(reply).error == 0);
  }
}

TEST_CASE("RFC 8945 §5.2.1: an unknown key is BADKEY, not signed", "[roll]") {
  const Message reply = exchange(sign(k_query, key("nobody")));
  CHECK(reply.rcode() == 9);
  CHECK(signature_of(reply).error == 17);
  CHECK(signature_of(reply).mac_bytes == 0);
}

TEST_CASE("RFC 8945 §5.2.2: a wrong MAC is BADSIG, not signed", "[roll]") {
  const Message reply = exchange(sign(k_query, key("transfer", "another secret")));
  CHECK(reply.rcode() == 9);
  CHECK(signature_of(reply).error == 16);
  CHECK(signature_of(reply).mac_bytes == 0);
}

TEST_CASE("RFC 8945 §5.2.3: a wrong time is BADTIME, signed, with the server's time", "[roll]") {
  const Message reply = exchange(sign(k_query, key(), -3600));
  CHECK(reply.rcode() == 9);
  CHECK(signature_of(reply).error == 18);
  CHECK(signature_of(reply).mac_bytes == 32);
  CHECK(signature_of(reply).other_bytes == 6);
}

TEST_CASE("RFC 8945 §5.2: a TSIG that is not last, or comes twice, is malformed", "[roll]") {
  Octets twice = sign(k_query);
  const Octets record(twice.begin() + static_cast<std::ptrdiff_t>(k_query.size()), twice.end());
  twice.insert(twice.end(), record.begin(), record.end());
  twice[11] = 2;
  CHECK(shape(exchange(twice)) == "FORMERR 0/0/0");
  Octets followed = sign(k_query);
  const Octets stray = conformance::record(name("x."), Type::a, k_class_in, 0, {192, 0, 2, 1});
  followed.insert(followed.end(), stray.begin(), stray.end());
  followed[11] = 2;
  CHECK(shape(exchange(followed)) == "FORMERR 0/0/0");
}

// The query with a TSIG record whose MAC is `mac`.
Octets with_mac(const Octets& mac) {
  Octets rdata = name("hmac-sha256.");
  const auto now = static_cast<std::uint64_t>(std::time(nullptr));
  for (int shift = 40; shift >= 0; shift -= 8) rdata.push_back(static_cast<std::uint8_t>(now >> shift));
  rdata.insert(rdata.end(), {1, 44, 0, static_cast<std::uint8_t>(mac.size())});  // fudge: 300 s
  rdata.insert(rdata.end(), mac.begin(), mac.end());
  rdata.insert(rdata.end(), {k_query[0], k_query[1], 0, 0, 0, 0});
  Octets octets = k_query;
  const Octets tsig = conformance::record(name("transfer."), Type::tsig, 255, 0, rdata);
  octets.insert(octets.end(), tsig.begin(), tsig.end());
  octets[11] = 1;
  return octets;
}

TEST_CASE("RFC 8945 §5.2: a TSIG that cannot be read is malformed, and answered without one", "[roll]") {
  Octets cut = sign(k_query);
  cut.resize(cut.size() - 2);
  CHECK(shape(exchange(cut)) == "FORMERR 0/0/0");
  Octets rdata = sign(k_query);
  const Octets short_rdata = conformance::record(name("transfer."), Type::tsig, 255, 0, name("hmac-sha256."));
  rdata.resize(k_query.size());
  rdata.insert(rdata.end(), short_rdata.begin(), short_rdata.end());
  rdata[11] = 1;
  CHECK(shape(exchange(rdata)) == "FORMERR 0/0/0");
}

TEST_CASE("RFC 8945 §5.2.2.1: a MAC longer than its hash, below ten octets or half of it, is malformed", "[roll]") {
  for (const std::size_t size : {0U, 9U, 15U, 33U}) {
    INFO(size);
    CHECK(shape(exchange(with_mac(Octets(size)))) == "FORMERR 0/0/0");
  }
}

TEST_CASE("RFC 8945 §5.2.2.1: a shorter MAC of legal size is judged", "[roll]") {
  const Message reply = exchange(with_mac(Octets(16)));
  CHECK(reply.rcode() == 9);
  CHECK(signature_of(reply).error == 16);
}

TEST_CASE("RFC 8945 §5.3.1: every message of a signed transfer is signed", "[roll]") {
  Tcp connection(dns_server());
  connection.send(sign(write({"c.test.", Type::axfr})));
  std::size_t soas = 0;
  while (soas < 2) {
    const std::optional<Octets> octets = connection.receive();
    REQUIRE(octets);
    const auto message = parse_message(*octets);
    REQUIRE(message);
    CHECK(signature_of(*message).mac_bytes == 32);
    for (const Record& each : message->answer()) soas += each.type == Type::soa ? 1 : 0;
  }
}

}  // namespace
}  // namespace rollcall::conformance
