#include "dns/tsig.h"

#include <string>
#include <vector>

#include "catch.h"
#include "dns/query.h"

namespace rollcall::dns {
namespace {

constexpr std::uint64_t k_now = 1'800'000'000;
const TsigKey k_key{*Name::parse("transfer"), TsigAlgorithm::hmac_sha256, "thirty-two octets of test secret"};
const TsigKeys k_keys{k_key};

using Octets = std::vector<std::uint8_t>;

// A question for `c.`, A, IN.
const Octets k_query{0xab, 0xcd, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'c', 0, 0, 1, 0, 1};

Octets signed_query(const TsigKey& key = k_key, std::uint64_t now = k_now) {
  Octets octets = k_query;
  octets.resize(512);
  octets.resize(TsigSigner(key).sign(octets, k_query.size(), now));
  return octets;
}
TsigVerdict verify(const Octets& octets, std::uint64_t now = k_now) {
  Query query;
  REQUIRE(parse_query(octets, query) == Parsed::query);
  REQUIRE(query.tsig);
  return verify_tsig(octets, *query.tsig, k_keys, now);
}

TEST_CASE("what is signed with a key is believed by who has it") {
  const Octets octets = signed_query();
  CHECK(octets.size() == k_query.size() + TsigSigner(k_key).bytes() - 6);  // no other data
  const TsigVerdict verdict = verify(octets);
  CHECK(verdict.error == TsigError::none);
  REQUIRE(verdict.key != nullptr);
  CHECK(*verdict.key == k_key);
}

TEST_CASE("RFC 8945 §5.3: a message relayed under another id is verified with the one it had") {
  Octets octets = signed_query();
  octets[0] ^= 0xff;
  CHECK(verify(octets).error == TsigError::none);
}

TEST_CASE("RFC 8945 §5.2.1: a key or an algorithm nobody has is BADKEY") {
  CHECK(verify(signed_query({*Name::parse("other"), k_key.algorithm, k_key.secret})).error == TsigError::badkey);
  CHECK(verify(signed_query({k_key.name, TsigAlgorithm::hmac_sha1, k_key.secret})).error == TsigError::badkey);
}

TEST_CASE("RFC 8945 §5.2.2: another secret, or one changed octet, is BADSIG") {
  CHECK(verify(signed_query({k_key.name, k_key.algorithm, "another"})).error == TsigError::badsig);
  Octets octets = signed_query();
  octets[13] = 'd';
  CHECK(verify(octets).error == TsigError::badsig);
}

TEST_CASE("RFC 8945 §5.2.3: outside five minutes is BADTIME") {
  CHECK(verify(signed_query(), k_now + 300).error == TsigError::none);
  CHECK(verify(signed_query(), k_now + 301).error == TsigError::badtime);
  CHECK(verify(signed_query(), k_now - 301).error == TsigError::badtime);
}

TEST_CASE("RFC 8945 §5.2.2.1, §5.2.4: short MACs") {
  const Octets octets = signed_query();
  Query query;
  REQUIRE(parse_query(octets, query) == Parsed::query);
  TsigRecord record = *query.tsig;
  const Bytes mac = record.mac;
  for (const std::size_t size : {0U, 9U, 15U}) {
    record.mac = mac.first(size);
    CHECK(verify_tsig(octets, record, k_keys, k_now).is_malformed);
  }
  record.mac = mac.first(16);
  CHECK(verify_tsig(octets, record, k_keys, k_now).error == TsigError::badtrunc);
  const Octets longer(33);
  record.mac = longer;
  CHECK(verify_tsig(octets, record, k_keys, k_now).is_malformed);
}

TEST_CASE("RFC 8945 §5.2: TSIG comes last, once, uncompressed, of class ANY") {
  const Octets whole = signed_query();
  Query query;
  Octets twice = whole;
  twice.insert(twice.end(), whole.begin() + static_cast<std::ptrdiff_t>(k_query.size()), whole.end());
  twice[11] = 2;
  CHECK(parse_query(twice, query) == Parsed::bad_message);
  Octets in_answer = whole;
  in_answer[7] = 1;
  in_answer[11] = 0;
  CHECK(parse_query(in_answer, query) == Parsed::bad_message);
  Octets class_in = whole;
  class_in[k_query.size() + k_key.name.wire().size() + 3] = 1;
  CHECK(parse_query(class_in, query) == Parsed::bad_message);
}

TEST_CASE("base64 is read with its padding, and nothing else is") {
  CHECK(parse_base64("c2VjcmV0") == "secret");
  CHECK(parse_base64("c2VjcmU=") == "secre");
  CHECK(parse_base64("c2Vjcg==") == "secr");
  for (const char* wrong : {"", "c2Vjcg", "c2V!cmV0", "????"}) CHECK_FALSE(parse_base64(wrong));
}

}  // namespace
}  // namespace rollcall::dns
