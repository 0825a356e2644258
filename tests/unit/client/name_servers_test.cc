#include "client/name_servers.h"

#include "catch.h"

namespace rollcall::client {
namespace {

std::string text_of(const Result<NameServers>& found) {
  if (!found) return found.error().message;
  std::string text;
  for (const IpEndpoint& server : found->servers) text += (text.empty() ? "" : " ") + server.text();
  return text;
}

TEST_CASE("a name server is an address, with or without a port") {
  const std::vector<std::string> given{"192.0.2.53", "192.0.2.53:8600", "2001:db8::53", "[2001:db8::53]:8600"};
  CHECK(text_of(name_servers(given, nullptr)) == "192.0.2.53:53 192.0.2.53:8600 [2001:db8::53]:53 [2001:db8::53]:8600");
}

TEST_CASE("settings come before the environment, and that before the system") {
  const std::vector<std::string> given{"192.0.2.1"};
  CHECK(text_of(name_servers(given, "192.0.2.2")) == "192.0.2.1:53");
  CHECK(text_of(name_servers({}, "192.0.2.2:8600, 192.0.2.3")) == "192.0.2.2:8600 192.0.2.3:53");
  for (const char* environment : {"", static_cast<const char*>(nullptr)}) {
    const auto found = name_servers({}, environment);
    REQUIRE(found);
    CHECK(found->is_system);
    CHECK_FALSE(found->servers.empty());
  }
}

TEST_CASE("what is no name server is refused, and where it stands is named") {
  CHECK(text_of(name_servers({}, "192.0.2.2,,192.0.2.3")) ==
        "ROLLCALL_DNS: \"\" is no name server; write 192.0.2.53:8600 or [::1]:8600");
  for (const char* text : {"localhost", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:", ":53", "[::1]", "::1:x"}) {
    INFO(text);
    const auto found = name_servers(std::vector<std::string>{text}, nullptr);
    REQUIRE_FALSE(found);
    CHECK(found.error().message.starts_with("the setting servers: \"" + std::string(text) + "\""));
  }
}

TEST_CASE("sixteen name servers are enough, and one more too many") {
  CHECK(name_servers(std::vector<std::string>(16, "192.0.2.1"), nullptr));
  CHECK(text_of(name_servers(std::vector<std::string>(17, "192.0.2.1"), nullptr)) ==
        "the setting servers has more than 16 name servers");
}

}  // namespace
}  // namespace rollcall::client
