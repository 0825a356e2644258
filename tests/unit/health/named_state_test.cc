// What runs make of a check that has a result of its own.
#include "catch.h"
#include "health/check_state.h"
#include "health/plan_json.h"

namespace rollcall::health {
namespace {

CheckStatus after(NamedState state, const Check& check, std::initializer_list<RunEnd> ends) {
  for (const RunEnd end : ends) state.record(end, check);
  return state.status();
}

TEST_CASE("a named check: one run decides where nothing else is asked for") {
  const Check check;
  const NamedState critical(CheckStatus::critical);
  CHECK(after(critical, check, {RunEnd::passed}) == CheckStatus::passing);
  CHECK(after(critical, check, {RunEnd::warned}) == CheckStatus::warning);
  CHECK(after(critical, check, {RunEnd::passed, RunEnd::timed_out}) == CheckStatus::critical);
  CHECK(after(NamedState(CheckStatus::passing), check, {RunEnd::not_run}) == CheckStatus::passing);
}

TEST_CASE("a named check: successes and failures in a row are counted apart") {
  const Check check{.pass_after = 2, .warn_after = 2, .critical_after = 3};
  const NamedState passing(CheckStatus::passing);
  CHECK(after(passing, check, {RunEnd::failed}) == CheckStatus::passing);
  CHECK(after(passing, check, {RunEnd::failed, RunEnd::refused}) == CheckStatus::warning);
  CHECK(after(passing, check, {RunEnd::failed, RunEnd::failed, RunEnd::failed}) == CheckStatus::critical);
  CHECK(after(passing, check, {RunEnd::failed, RunEnd::passed, RunEnd::failed}) == CheckStatus::passing);
  const NamedState critical(CheckStatus::critical);
  CHECK(after(critical, check, {RunEnd::passed}) == CheckStatus::critical);
  CHECK(after(critical, check, {RunEnd::passed, RunEnd::not_run, RunEnd::passed}) == CheckStatus::passing);
  CHECK(after(critical, check, {RunEnd::passed, RunEnd::failed, RunEnd::passed}) == CheckStatus::critical);
}

TEST_CASE("a named check is stored as it is, and the native API does not take it") {
  Plan plan;
  Check check{.type = CheckType::http, .interval = std::chrono::seconds(1), .timeout = std::chrono::seconds(10)};
  check.rise = check.fall = 1;
  check.id = "service:web";
  check.pass_after = 2;
  check.path = "/health";
  check.expect_status = {{200, 299}};
  check.method = "POST";
  check.body = "\"hi\"";
  check.header = {{"A", "b c"}};
  check.uses_tls = check.skips_tls_verify = true;
  check.tls_name = "a.example";
  plan.checks = {check, {.type = CheckType::alias, .rise = 1, .fall = 1, .id = "other", .target = "h:x/9"}};
  const std::string stored = write_plan(SharedPlan(plan));
  const Result<SharedPlan> read = parse_plan(stored);
  INFO(stored);
  REQUIRE(read.has_value());
  CHECK(**read == plan);
}

}  // namespace
}  // namespace rollcall::health
