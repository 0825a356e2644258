#include <algorithm>
#include <string>

#include "fuzz/check_response.h"
#include "fuzz/targets.h"
#include "unit/api/fixture.h"

namespace rollcall::fuzz {
namespace {

using api::Method;

constexpr std::size_t k_bodies_max = 8;  // of one input

std::string_view take_until(std::string_view& text, char end) {
  const std::size_t at = std::min(text.find(end), text.size());
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return taken;
}

}  // namespace

void http_body(Bytes input) {
  constexpr Method k_methods[] = {Method::post, Method::put, Method::get, Method::del, Method::head, Method::other};
  api::testing::World world;
  std::string_view left = text_of(input);
  for (std::size_t i = 0; i < k_bodies_max && !left.empty(); ++i) {
    const Method method = k_methods[static_cast<std::uint8_t>(left.front()) % std::size(k_methods)];
    left.remove_prefix(1);
    const std::string_view target = take_until(left, '\n');
    const std::string_view body = take_until(left, '\0');
    check_response(world.call(method, target, body));
    check_response(world.get("/v1/services"));
    world.clock.advance(std::chrono::milliseconds(100));
  }
  const registry::Counts counts = world.registry.counts();
  expect(counts.instances <= k_bodies_max && counts.services <= k_bodies_max, "one request registers one instance");
}

}  // namespace rollcall::fuzz
