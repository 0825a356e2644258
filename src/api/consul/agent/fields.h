// A JSON body as Consul's clients send it: names in any case, with or without underscores; null is absent; names that
// nobody reads are ignored; of a name given twice the last counts.
//
// Shape    `Fields` borrows from the body that was read.
// Failure  "Request decode failed: …", with the name of the field.
// Source   docs/consul.md.
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace rollcall::api::consul {

// The body as one JSON object. Errc::malformed: something else.
[[nodiscard]] Result<boost::json::object> read_body(std::string_view body);

class Fields {
 public:
  explicit Fields(const boost::json::object& object) : object_(object) {}

  // Null where it is absent, or null.
  [[nodiscard]] const boost::json::value* find(std::string_view name) const;

  // Each leaves `into` as it is where the field is absent.
  [[nodiscard]] Result<void> read(std::string_view name, std::string& into) const;
  [[nodiscard]] Result<void> read(std::string_view name, bool& into) const;
  [[nodiscard]] Result<void> read(std::string_view name, std::optional<std::int64_t>& into) const;
  // A text, or an integer of nanoseconds. Rounded up to milliseconds.
  [[nodiscard]] Result<void> read(std::string_view name, std::chrono::milliseconds& into) const;
  [[nodiscard]] Result<void> read(std::string_view name, std::vector<std::string>& into) const;
  [[nodiscard]] Result<void> read(std::string_view name, std::map<std::string, std::string>& into) const;
  // An object of texts or lists of texts: the fields of a header.
  [[nodiscard]] Result<void> read(std::string_view name, std::vector<std::pair<std::string, std::string>>& into) const;
  // An object, or each object of a list.
  [[nodiscard]] Result<const boost::json::object*> object(std::string_view name) const;
  [[nodiscard]] Result<std::vector<const boost::json::object*>> objects(std::string_view name) const;

  [[nodiscard]] const boost::json::object& whole() const { return object_; }

 private:
  const boost::json::object& object_;
};

[[nodiscard]] std::unexpected<Error> decode_failure(std::string_view what);

}  // namespace rollcall::api::consul
