// Named results: how one is set, and how it lies in a block of memory.
#include "health/check_result.h"

#include <vector>

#include "base/limits.h"
#include "catch.h"

namespace rollcall::health {
namespace {

using namespace std::chrono_literals;

constexpr LeaseTime k_now{1h};

CheckResult result(CheckStatus status, WallTime since, std::chrono::milliseconds ends_after = 0ms) {
  return {.id = "http",
          .name = "by HTTP",
          .kind = CheckKind::run,
          .status = status,
          .since = since,
          .ends_after = ends_after};
}

}  // namespace

TEST_CASE("a result is as old as its status") {
  CheckResults results;
  put_result(results, result(CheckStatus::passing, WallTime(1s)), k_now);
  put_result(results, result(CheckStatus::passing, WallTime(2s)), k_now);
  CHECK(results.at(0).since == WallTime(1s));
  put_result(results, result(CheckStatus::critical, WallTime(3s)), k_now);
  CHECK(results.at(0).since == WallTime(3s));
  CHECK(results.size() == 1);
}

TEST_CASE("the end of an instance is counted from when its check has become critical") {
  CheckResults results;
  put_result(results, result(CheckStatus::critical, {}, 60s), k_now);
  put_result(results, result(CheckStatus::critical, {}, 60s), k_now + 30s);
  CHECK(results.at(0).ends_at == k_now + 60s);
  put_result(results, result(CheckStatus::warning, {}, 60s), k_now + 40s);
  CHECK(results.at(0).ends_at == LeaseTime::max());
  put_result(results, result(CheckStatus::critical, {}), k_now);
  CHECK(results.at(0).ends_at == LeaseTime::max());
}

TEST_CASE("the worst of all results counts, and none is passing") {
  CheckResults results;
  CHECK(worst_of(results) == CheckStatus::passing);
  results.push_back(result(CheckStatus::warning, {}));
  results.push_back(result(CheckStatus::passing, {}));
  CHECK(worst_of(results) == CheckStatus::warning);
  remove_result(results, "http");
  CHECK(results.empty());
}

TEST_CASE("a result is read back from its octets, the least and the most there can be") {
  CheckResult most = result(CheckStatus::critical, WallTime(1'700'000'000s), 72h);
  most.id = std::string(limits::k_door_id_bytes_max, 'i');
  most.name = std::string(limits::k_door_id_bytes_max, 'n');
  most.output = std::string(limits::k_result_output_bytes_max, 'o');
  most.ends_at = k_now;
  for (const CheckResult& each : {CheckResult{.id = "1"}, most}) {
    std::vector<char> octets(packed::Result::size_of(each));
    CHECK(packed::Result::write(each, octets.data()) == octets.data() + octets.size());
    CHECK(packed::Result::size_at(octets.data()) == octets.size());
    CHECK(packed::Result::read(octets.data()).value() == each);
    CHECK(packed::Result::read(octets.data()).ends_at == each.ends_at);
  }
}

TEST_CASE("statuses and kinds have one text each") {
  for (const char* text : {"passing", "warning", "critical"}) CHECK(to_text(*parse_check_status(text)) == text);
  for (const char* text : {"plan", "run", "ttl", "told", "maintenance"})
    CHECK(to_text(*parse_check_kind(text)) == text);
  CHECK_FALSE(parse_check_status("unknown"));
  CHECK_FALSE(parse_check_kind(""));
}

}  // namespace rollcall::health
