// HTTP/2 as a check speaks it: what is sent, and what each kind of answer comes to.
#include "net/checks/http2_question.h"

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "catch.h"
#include "net/checks/grpc_health.h"

namespace rollcall::net {
namespace {

using namespace std::string_literals;

constexpr std::string_view k_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// RFC 9113 §4.1
std::string frame(unsigned type, unsigned flags, unsigned stream, const std::string& payload) {
  std::string out;
  for (const unsigned shift : {16U, 8U, 0U}) out += static_cast<char>((payload.size() >> shift) & 0xffU);
  out += static_cast<char>(type);
  out += static_cast<char>(flags);
  for (const unsigned shift : {24U, 16U, 8U, 0U}) out += static_cast<char>((stream >> shift) & 0xffU);
  return out + payload;
}
std::string settings() { return frame(4, 0, 0, ""); }
std::string rst(unsigned error) { return frame(3, 0, 1, "\0\0\0"s + static_cast<char>(error)); }
std::string goaway(unsigned last, unsigned error) {
  return frame(7, 0, 0, "\0\0\0"s + static_cast<char>(last) + "\0\0\0"s + static_cast<char>(error));
}
// A literal field without indexing (RFC 7541 §6.2.2), of short texts.
std::string field(const std::string& name, const std::string& value) {
  return "\0"s + static_cast<char>(name.size()) + name + static_cast<char>(value.size()) + value;
}
std::string headers(const std::string& block, bool ends) { return frame(1, ends ? 5 : 4, 1, block); }
std::string head() { return headers(field(":status", "200") + field("content-type", "application/grpc"), false); }
std::string message(char status) { return frame(0, 0, 1, "\0\0\0\0\2\x08"s + status); }
std::string trailers(const std::string& status, const std::string& text = {}) {
  return headers(field("grpc-status", status) + (text.empty() ? "" : field("grpc-message", text)), true);
}

std::string sent(Http2Question& question) {
  std::string all;
  for (std::string_view out = question.output(); !out.empty(); out = question.output()) all += out;
  return all;
}
void receive(Http2Question& question, const std::string& octets) {
  question.input({reinterpret_cast<const std::uint8_t*>(octets.data()), octets.size()});
  sent(question);
}
std::string verdict_of(const Http2Question& question) {
  const auto& verdict = question.verdict();
  return verdict ? (verdict->has_passed ? "passed: " : "failed: ") + verdict->text : "none";
}
Http2Question::Call call(std::string service = {}) { return {"192.0.2.1:80", std::move(service), false}; }
std::string outcome(const std::string& octets, bool is_ping = false, bool ends = false) {
  Http2Question question(is_ping ? std::nullopt : std::optional(call("a.B")));
  sent(question);
  receive(question, octets);
  if (ends) question.end();
  return verdict_of(question);
}

TEST_CASE("http2: the question begins with the preface and SETTINGS, and asks for the service") {
  Http2Question question(call("a.B"));
  const std::string out = sent(question);
  CHECK(out.starts_with(k_preface));
  CHECK(out.contains(health_request("a.B")));
  CHECK(health_request("a.B") == "\0\0\0\0\5\x0a\3a.B"s);
  CHECK(health_request("") == "\0\0\0\0\0"s);
  CHECK(verdict_of(question) == "none");
}

TEST_CASE("http2: a service that serves passes, and every other status fails by its name") {
  CHECK(outcome(settings() + head() + message(1) + trailers("0")) == "passed: SERVING");
  CHECK(outcome(settings() + head() + message(2) + trailers("0")) == "failed: NOT_SERVING");
  CHECK(outcome(settings() + head() + message(3) + trailers("0")) == "failed: SERVICE_UNKNOWN");
  CHECK(outcome(settings() + head() + message(9) + trailers("0")) == "failed: status 9");
  CHECK(outcome(settings() + head() + frame(0, 0, 1, "\0\0\0\0\0"s) + trailers("0")) == "failed: UNKNOWN");
}

TEST_CASE("http2: a call that fails says its code and its message") {
  CHECK(outcome(settings() + headers(field(":status", "200") + field("grpc-status", "12"), true)) ==
        "failed: grpc-status 12 (UNIMPLEMENTED)");
  CHECK(outcome(settings() + head() + trailers("5", "unknown service")) ==
        "failed: grpc-status 5 (NOT_FOUND): unknown service");
  CHECK(outcome(settings() + head() + trailers("99")) == "failed: grpc-status 99");
  CHECK(outcome(settings() + headers(field(":status", "404"), true)) ==
        "failed: status 404, and a gRPC server says 200");
  CHECK(outcome(settings() + head() + message(1)) == "none");
  CHECK(outcome(settings() + head() + message(1), false, true) ==
        "failed: the connection was closed before the answer");
}

TEST_CASE("http2: what is no health message fails") {
  for (const std::string& body : {"\1\0\0\0\2\x08\1"s, "\0\0\0\0\3\x08\1"s, "\0\0\0\0\2\x08\x81"s, "\0"s,
                                  "\0\0\0\0\2\x0b\1"s, "\0\0\0\0\4\x12\x7f\1\1"s}) {
    CHECK(outcome(settings() + head() + frame(0, 0, 1, body) + trailers("0")) ==
          "failed: the answer is no message of grpc.health.v1");
  }
  // A field that a later version may have is skipped.
  CHECK(outcome(settings() + head() + frame(0, 0, 1, "\0\0\0\0\7\x12\3xyz\x08\1"s) + trailers("0")) ==
        "passed: SERVING");
}

TEST_CASE("http2: PING is answered by its acknowledgement alone") {
  CHECK(outcome(settings() + frame(6, 1, 0, std::string(8, '\0')), true) == "passed: answered");
  CHECK(outcome(settings() + frame(6, 0, 0, std::string(8, 'x')), true) == "none");
  CHECK(outcome(settings() + goaway(0, 11), true) ==
        "failed: the server ended the connection: GOAWAY, ENHANCE_YOUR_CALM");
}

TEST_CASE("http2: a peer that speaks something else, resets, goes away or never stops is told of as that") {
  CHECK(outcome("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n") == "failed: it does not speak HTTP/2");
  CHECK(outcome("SSH-2.0-OpenSSH_9.2\r\n", true) == "failed: it does not speak HTTP/2");
  CHECK(outcome(settings() + rst(7)) == "failed: the call was reset: REFUSED_STREAM");
  CHECK(outcome(settings() + goaway(0, 2)) == "failed: the server ended the connection: GOAWAY, INTERNAL_ERROR");
  CHECK(outcome(settings() + frame(0, 0, 0, "x")) == "failed: it broke the rules of HTTP/2");
  Http2Question question(call());
  sent(question);
  receive(question, settings() + head());
  for (int i = 0; i < 70 && !question.verdict(); ++i) receive(question, frame(0, 0, 1, std::string(1024, '\0')));
  CHECK(verdict_of(question) == "failed: more than 65536 octets came and no answer");
  question.input({});
  CHECK(question.output().empty());
}

TEST_CASE("http2: an answer in single octets is the same answer") {
  Http2Question question(call("a.B"));
  sent(question);
  for (const char octet : settings() + head() + message(1) + trailers("0")) receive(question, std::string(1, octet));
  CHECK(verdict_of(question) == "passed: SERVING");
}

TEST_CASE("http2: whatever octets come, there is a verdict or a wish for more") {
  std::uint64_t seed = 1;
  const std::string whole = settings() + head() + message(1) + trailers("0");
  for (int round = 0; round < 2000; ++round) {
    std::string octets = whole;
    for (int i = 0; i < 3; ++i) {
      seed = seed * 6364136223846793005U + 1442695040888963407U;
      octets[(seed >> 33U) % octets.size()] = static_cast<char>(seed >> 25U);
    }
    Http2Question question(call("a.B"));
    sent(question);
    receive(question, octets);
    question.end();
    REQUIRE(question.verdict());
  }
}

}  // namespace
}  // namespace rollcall::net
