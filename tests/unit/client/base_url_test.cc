#include "client/base_url.h"

#include "catch.h"

namespace rollcall::client {
namespace {

TEST_CASE("a registry's address may leave out the scheme, and then has port 8500") {
  const auto base = parse_base_url("registry.example");
  REQUIRE(base);
  CHECK_FALSE(base->is_secure);
  CHECK(base->authority() == "registry.example:8500");
  CHECK(parse_base_url("192.0.2.1:8501")->authority() == "192.0.2.1:8501");
}

TEST_CASE("with a scheme the scheme's port is meant") {
  CHECK(parse_base_url("http://registry.example")->port == 80);
  CHECK(parse_base_url("https://registry.example/")->port == 443);
  CHECK(parse_base_url("https://registry.example:")->port == 443);
  CHECK(parse_base_url("https://registry.example")->is_secure);
}

TEST_CASE("an IPv6 address stands in brackets, and is kept without them") {
  const auto base = parse_base_url("http://[2001:db8::1]:8500");
  REQUIRE(base);
  CHECK(base->host == "2001:db8::1");
  CHECK(base->authority() == "[2001:db8::1]:8500");
}

TEST_CASE("a registry may live below a path") {
  CHECK(parse_base_url("https://example.test/rollcall/")->prefix == "/rollcall");
  CHECK(parse_base_url("http://example.test")->prefix.empty());
}

TEST_CASE("what is no address of a registry is refused with its text") {
  for (const char* text : {"", "http://", "ftp://a", "http://a:0", "http://a:65536", "http://u:p@a", "http://a/?q",
                           "http://a/#f", "a b", "http://[::1", "127.0.0.1:port"}) {
    const auto base = parse_base_url(text);
    INFO(text);
    REQUIRE_FALSE(base);
    CHECK(base.error().code == Errc::invalid);
    CHECK(base.error().message.find(text) != std::string::npos);
  }
}

TEST_CASE("a segment keeps what a URL allows and encodes the rest") {
  CHECK(encode_segment("web-1_2.3~") == "web-1_2.3~");
  CHECK(encode_segment("50%/a b") == "50%25%2Fa%20b");
}

}  // namespace
}  // namespace rollcall::client
