// A registration with a probe, and one that tells of its changes.
#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "catch.h"
#include "rollcall/registration.h"
#include "unit/client/scripted_server.h"
#include "unit/client/within.h"

namespace rollcall::client {
namespace {

using namespace std::chrono_literals;
using testing::ScriptedServer;

TEST_CASE("an instance whose probe says false is not registered until it says true, and each change is told") {
  const std::string body = R"({"id":"web-1","ttl_ms":600})";
  std::vector<std::string> answers;
  answers.resize(50, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  ScriptedServer server({answers});
  std::atomic<bool> is_well = false;
  std::atomic<int> asked = 0;
  std::atomic<int> changes = 0;
  RegistrationSettings settings{
      .service = "web", .port = 8080, .addresses = {"192.0.2.1"}, .registries = {server.url()}, .drains = false};
  settings.probe = [&] {
    ++asked;
    return is_well.load();
  };
  settings.on_change = [&] { ++changes; };
  Registration registration(settings);
  REQUIRE(within(5s, [&] { return asked >= 2; }));
  CHECK(registration.state().registries.at(0).id.empty());
  is_well = true;
  CHECK(registration.wait_until_registered(5s));
  CHECK(registration.state().registries.at(0).id == "web-1");
  CHECK(changes >= 2);  // well, and registered
}

}  // namespace
}  // namespace rollcall::client
