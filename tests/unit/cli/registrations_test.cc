// Several registries, seen as one.
#include "tools/rollcall/registrations.h"

#include <vector>

#include "catch.h"

namespace rollcall::cli {
namespace {

using State = Registrations::State;

State on_the_roll(const char* id) {
  State state;
  state.is_well = state.has_registered = state.is_known = state.is_in_touch = true;
  state.id = id;
  return state;
}
State failing(const char* why) {
  State state;
  state.is_well = true;
  state.failure = Error{Errc::unreachable, why};
  return state;
}

TEST_CASE("of several registries one that acknowledges is enough") {
  const State state = merged(std::vector{failing("away"), on_the_roll("web-1")});
  CHECK(state.has_registered);
  CHECK(state.is_in_touch);
  CHECK(state.id == "web-1");
  REQUIRE(state.failure);
  CHECK(state.failure->message == "away");
}

TEST_CASE("while one of several registries has not answered yet, nothing has failed") {
  CHECK_FALSE(merged(std::vector{failing("away"), State()}).failure);
  CHECK(merged(std::vector{failing("one"), failing("two")}).failure->message == "one");
}

TEST_CASE("drained and gone is who is so with every registry") {
  State gone = on_the_roll("web-1");
  gone.is_drained = gone.is_gone = true;
  CHECK(merged(std::vector{gone, gone}).is_gone);
  const State half = merged(std::vector{gone, on_the_roll("web-1")});
  CHECK_FALSE(half.is_gone);
  CHECK_FALSE(half.is_drained);
}

}  // namespace
}  // namespace rollcall::cli
