// All services shown once more, while the writer goes on with its work.
#include "registry/work/show_again.h"

#include <algorithm>
#include <set>

#include "base/limits.h"
#include "catch.h"
#include "unit/registry/writer_world.h"

namespace rollcall::registry {
namespace {

using namespace testing;

constexpr std::size_t k_services = 3 * limits::k_shown_again_services_max + 1;

struct ShownWorld : WriterWorld {
  ShowAgain again{registry, audience, writer};
  std::promise<void> shown;

  ShownWorld() {
    start();
    for (std::size_t i = 0; i < k_services; ++i) submit(adding("s" + std::to_string(i), "a"));
    REQUIRE(wait_for_replies(k_services));
    run_on_writer([this] { audience.lines.clear(); });
  }
  void begin() {
    again.begin([this] { shown.set_value(); });
  }
};

TEST_CASE("every service is shown once more, as it is") {
  ShownWorld world;
  world.begin();
  world.shown.get_future().wait();
  world.stop();
  const std::set<std::string> lines(world.audience.lines.begin(), world.audience.lines.end());
  CHECK(lines.size() == k_services);
  CHECK(world.audience.lines.size() == k_services);
}

TEST_CASE("a registration does not wait until a whole roll is shown again") {
  ShownWorld world;
  world.run_on_writer([&] {
    world.audience.on_publish = [&] {
      if (world.audience.lines.size() == 1) world.submit(adding("new", "a"));
    };
  });
  world.begin();
  world.shown.get_future().wait();
  world.stop();
  const auto at = std::ranges::find_if(world.audience.lines, [](const auto& line) { return line.starts_with("new "); });
  CHECK(at - world.audience.lines.begin() <= 2 * std::ptrdiff_t{limits::k_shown_again_services_max});
  CHECK(world.audience.lines.size() == k_services + 1);
}

TEST_CASE("a second reload begins anew, and only it comes to an end") {
  ShownWorld world;
  bool is_first_over = false;
  world.run_on_writer([&] {
    world.audience.on_publish = [&] {
      if (world.audience.lines.size() == 1) world.begin();
    };
  });
  world.again.begin([&] { is_first_over = true; });
  world.shown.get_future().wait();
  world.stop();
  CHECK_FALSE(is_first_over);
  CHECK(world.audience.lines.size() == k_services + limits::k_shown_again_services_max);
}

}  // namespace
}  // namespace rollcall::registry
