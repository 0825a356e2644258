// The members of a check that has a result of its own (plan.h), as JSON: what other APIs than the native one ask for, and
// only stores have.
//
// Failure  Errc::invalid with the field's path.
// Source   docs/checks.md.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "health/plan.h"

namespace boost::json {
class value;
}

namespace rollcall::health::named {

[[nodiscard]] Result<void> read_id(const boost::json::value& value, std::string_view field, Check& check);
[[nodiscard]] Result<void> read_pass_after(const boost::json::value& value, std::string_view field, Check& check);
[[nodiscard]] Result<void> read_warn_after(const boost::json::value& value, std::string_view field, Check& check);
[[nodiscard]] Result<void> read_critical_after(const boost::json::value& value, std::string_view field, Check& check);
[[nodiscard]] Result<void> read_verb(const boost::json::value& value, std::string_view field, Check& check);
[[nodiscard]] Result<void> read_sent_body(const boost::json::value& value, std::string_view field, Check& check);
[[nodiscard]] Result<void> read_header(const boost::json::value& value, std::string_view field, Check& check);
[[nodiscard]] Result<void> read_tls(const boost::json::value& value, std::string_view field, Check& check);
[[nodiscard]] Result<void> read_skips(const boost::json::value& value, std::string_view field, Check& check);
[[nodiscard]] Result<void> read_tls_name(const boost::json::value& value, std::string_view field, Check& check);
[[nodiscard]] Result<void> read_target(const boost::json::value& value, std::string_view field, Check& check);

// Each with the comma before it.
void put(const Check& check, std::string& out);
void put_tls(const Check& check, std::string& out);

}  // namespace rollcall::health::named
