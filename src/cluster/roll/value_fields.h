// Reads the fields of a value one by one, and remembers the first that is wrong.
//
// Shape    `read` a field into a variable, which keeps its content where the field is absent or null; `end` says whether all
//          went well. Texts are copied.
// Failure  Errc::malformed, Errc::invalid; see json/body.h and json/values.h.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "registry/instance/instance.h"

namespace rollcall::cluster {

[[nodiscard]] Result<registry::WallTime> parse_time(const boost::json::value& value, std::string_view field);
[[nodiscard]] Result<std::string> parse_bounded(const boost::json::value& value, std::string_view field,
                                                std::size_t bytes_max);
[[nodiscard]] Result<bool> parse_truth(const boost::json::value& value, std::string_view field);
// A number, or a text of its digits: JSON's numbers are exact up to 2^53 alone in many programs.
[[nodiscard]] Result<std::uint64_t> parse_count(const boost::json::value& value, std::string_view field,
                                                std::uint64_t max);

// The text, with '?' for each octet that is no UTF-8: JSON has nothing else.
[[nodiscard]] std::string as_utf8(std::string_view text);

// The kind of a lease that says nothing but its ttl.
[[nodiscard]] inline registry::LeaseKind usual_lease(std::chrono::milliseconds ttl) {
  return ttl == std::chrono::milliseconds::zero() ? registry::LeaseKind::none : registry::LeaseKind::ends_instance;
}

class ValueFields {
 public:
  explicit ValueFields(const boost::json::object& object) : object_(object) {}

  ValueFields& read(std::string_view name, std::string& into);
  ValueFields& read(std::string_view name, bool& into);
  ValueFields& read(std::string_view name, std::uint64_t& into, std::uint64_t max = UINT64_MAX);
  ValueFields& read(std::string_view name, registry::WallTime& into);
  ValueFields& read(std::string_view name, std::vector<std::string>& into, std::size_t max);
  // Where the field is there: `parse(value)` to a Result.
  template <class T, class Parse>
  ValueFields& read_with(std::string_view name, T& into, Parse parse) {
    if (const boost::json::value* value = find(name)) keep(parse(*value), into);
    return *this;
  }
  ValueFields& require(std::string_view name);

  [[nodiscard]] Result<void> end() {
    if (error_) return std::unexpected(std::move(*error_));
    return {};
  }

 private:
  // Null where it is absent or null, or something was wrong before.
  [[nodiscard]] const boost::json::value* find(std::string_view name) const;
  template <class T, class Into>
  void keep(Result<T> value, Into& into) {
    if (value) {
      into = std::move(*value);
    } else {
      error_ = std::move(value.error());
    }
  }

  const boost::json::object& object_;
  std::optional<Error> error_;
};

}  // namespace rollcall::cluster
