// What is known of one named check of an instance: passing, warning or critical, since when, and in which words.
//
// Shape    values. An instance has at most k_check_results_max, each with an id of its own; the ids of one instance are
//          in the order in which the checks came. Most instances have none.
// Packed   in an instance's block (registry/instance/instance.h), one after the other:
//
//              octets  1       1         8        8             8             2            1        1
//                      +-------+---------+--------+-------------+-------------+------------+--------+----------+----+------+--------+
//                      | kind  | status  | since  | ends        | ends        | octets of  | octets | octets   | id | name | output |
//                      |       |         | ms     | after ms    | at ns       | the output | of id  | of name  |    |      |        |
//                      +-------+---------+--------+-------------+-------------+------------+--------+----------+----+------+--------+
//
// Threads  values.
// Source   docs/checks.md.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace rollcall::health {

enum class CheckStatus : std::uint8_t { passing, warning, critical };
[[nodiscard]] std::string_view to_text(CheckStatus status);  // as above
[[nodiscard]] std::optional<CheckStatus> parse_check_status(std::string_view text);

// The source of the result.
enum class CheckKind : std::uint8_t {
  plan,         // this server, by the checks of the instance's plan taken together
  run,          // this server, by one check that it runs
  ttl,          // the instance itself, by calling in: silence makes it critical
  told,         // somebody else, who sets it
  maintenance,  // an operator, who has taken the instance out
};
[[nodiscard]] std::string_view to_text(CheckKind kind);  // as above
[[nodiscard]] std::optional<CheckKind> parse_check_kind(std::string_view text);

// The result that stands for all checks of a plan, and for whoever sets the status of an instance by hand.
inline constexpr std::string_view k_plan_check = "health";

struct CheckResult {
  std::string id = {};    // 1 to k_door_id_bytes_max octets
  std::string name = {};  // for people; at most k_door_id_bytes_max octets
  CheckKind kind = CheckKind::plan;
  CheckStatus status = CheckStatus::passing;
  WallTime since{};         // of the status
  std::string output = {};  // a sentence for people, at most k_result_output_bytes_max octets
  std::chrono::milliseconds
      ends_after{};                      // the instance ends when the check has been critical for so long; zero: never
  LeaseTime ends_at = LeaseTime::max();  // when that will be; not stored, and no part of what is compared

  friend bool operator==(const CheckResult& a, const CheckResult& b) {
    return a.id == b.id && a.name == b.name && a.kind == b.kind && a.status == b.status && a.since == b.since &&
           a.output == b.output && a.ends_after == b.ends_after;
  }
};
using CheckResults = std::vector<CheckResult>;

// Passing where there are none.
template <class Results>
[[nodiscard]] CheckStatus worst_of(const Results& results) {
  CheckStatus worst = CheckStatus::passing;
  for (const auto& result : results) worst = std::max(worst, result.status);
  return worst;
}

[[nodiscard]] CheckResult* find_result(CheckResults& results, std::string_view id);
[[nodiscard]] const CheckResult* find_result(const CheckResults& results, std::string_view id);

// Sets the result of this id, or adds it, at the end. `since` and `ends_at` stay where the status does.
void put_result(CheckResults& results, CheckResult result, LeaseTime now);
void remove_result(CheckResults& results, std::string_view id);

namespace packed {

// A result as it is read from a block: its texts lie there.
struct ResultView {
  std::string_view id;
  std::string_view name;
  CheckKind kind;
  CheckStatus status;
  WallTime since;
  std::string_view output;
  std::chrono::milliseconds ends_after;
  LeaseTime ends_at;

  [[nodiscard]] CheckResult value() const {
    return {std::string(id), std::string(name), kind, status, since, std::string(output), ends_after, ends_at};
  }
};

struct Result {
  using Value = ResultView;
  static Value read(const char* at);
  static std::size_t size_at(const char* at);
  static std::size_t size_of(const CheckResult& result);
  static char* write(const CheckResult& result, char* at);
};

}  // namespace packed

}  // namespace rollcall::health
