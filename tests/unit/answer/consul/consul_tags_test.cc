// Questions about tags in the zone of Consul's names: from the lists that a service keeps, or sought.
#include <string>

#include "catch.h"
#include "unit/answer/consul/consul_world.h"

namespace rollcall::answer::testing {
namespace {

using dns::Type;

TEST_CASE("who has a tag is read from the service's list of it, and sought where there can be none") {
  for (const bool has_portless : {false, true}) {
    ConsulWorld world;
    for (int i = 1; i <= 5; ++i) {
      world.add(Consul{.id = "web-" + std::to_string(i),
                       .addresses = {"192.0.2." + std::to_string(i)},
                       .port = static_cast<std::uint16_t>(has_portless && i == 1 ? 0 : 8080),
                       .tags = {i <= 2 ? "Few" : "many", "all"}});
    }
    CHECK(sorted(world.ask("few.web.service.consul").answer) ==
          Records{"few.web.service.consul. 1 A 192.0.2.1", "few.web.service.consul. 1 A 192.0.2.2"});
    CHECK(world.ask("_web._many.service.consul").answer.size() == 3);
    CHECK(world.ask("all.web.service.consul").answer.size() == 5);
    CHECK(world.ask("few.web.service.consul", Type::srv).answer.size() == (has_portless ? 1U : 2U));
    CHECK(world.ask("none.web.service.consul").rcode == "NXDOMAIN");
    CHECK(world.ask("a.few.web.service.consul").rcode == "NXDOMAIN");
    world.add(Consul{.id = "web-6", .addresses = {"192.0.2.6"}, .tags = {"a.few", "un_usual", "few"}});
    CHECK(world.ask("a.few.web.service.consul").answer == Records{"a.few.web.service.consul. 1 A 192.0.2.6"});
    CHECK(world.ask("un_usual.web.service.consul").answer.size() == 1);
    CHECK(world.ask("few.web.service.consul").answer.size() == 3);
    CHECK(world.ask("none.web.service.consul").rcode == "NXDOMAIN");
  }
}

}  // namespace
}  // namespace rollcall::answer::testing
