// A health plan as JSON: the same members in a registration over HTTP and in the database's column `checks`. Together
// with plan_json.cc, and beside api and store, the only place that sees Boost.JSON.
//
// Shape    `checks`, `probe`, `evict_on_refusal`, `renew_on_probe`, `initial`, `rise`, `fall`: read one by one into a
//          draft, in any order, then settled.
// Failure  Errc::invalid, with the field's path ("checks[2].timeout") and a sentence that says what would be right. No
//          exception leaves.
// Source   docs/checks.md.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "health/check_json.h"
#include "health/plan.h"

namespace boost::json {
class value;
}

namespace rollcall::health {

inline constexpr std::array<std::string_view, 7> k_plan_fields{
    "checks", "probe", "evict_on_refusal", "renew_on_probe", "initial", "rise", "fall"};

// Whether `name` is one of k_plan_fields, and if so its value into the draft. A field that is null counts as left out, at
// every depth.
[[nodiscard]] bool is_plan_field(std::string_view name);
// `checks_as`: CheckRole::stored for what a store has.
[[nodiscard]] Result<void> read_plan_field(std::string_view name, const boost::json::value& value, Plan& draft,
                                           CheckRole checks_as = CheckRole::check);

// Fills in what was left out, and holds the fields against each other.
[[nodiscard]] Result<SharedPlan> complete_plan(Plan draft);

// The members as they are read back, each a name and JSON text.
[[nodiscard]] std::vector<std::pair<std::string_view, std::string>> plan_members(const Plan& plan);

// The whole as one object; "{}" is none.
[[nodiscard]] std::string write_plan(const SharedPlan& plan);
[[nodiscard]] Result<SharedPlan> parse_plan(std::string_view object);

}  // namespace rollcall::health
