// A JSON object as Consul's clients write it: names of members in any case and with underscores, unset ones as null, durations
// as Go's text or as nanoseconds.
//
// Shape    borrows from the parsed text. Of members whose names fold to the same, the last counts, as in Go.
// Failure  Errc::invalid with a sentence, for a member of another type than asked for.
// Source   docs/consul.md, "What is accepted".
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace rollcall::kv {

// Errc::malformed: no JSON, or too deep.
[[nodiscard]] Result<boost::json::value> parse_loosely(std::string_view text);

class LooseObject {
 public:
  explicit LooseObject(const boost::json::object& object) : object_(object) {}

  // By its folded name (lower case, no underscores). Null: it is not there, or null.
  [[nodiscard]] const boost::json::value* find(std::string_view folded) const;

  // What is not there leaves `into` as it is.
  [[nodiscard]] Result<void> take(std::string_view folded, std::string& into) const;
  [[nodiscard]] Result<void> take(std::string_view folded, bool& into) const;
  [[nodiscard]] Result<void> take(std::string_view folded, std::uint64_t& into) const;
  [[nodiscard]] Result<void> take(std::string_view folded, std::chrono::milliseconds& into) const;
  [[nodiscard]] Result<void> take(std::string_view folded, std::vector<std::string>& into) const;
  [[nodiscard]] Result<void> take(std::string_view folded,
                                  std::vector<std::pair<std::string, std::string>>& into) const;
  // Null: it is not there.
  [[nodiscard]] Result<const boost::json::object*> object(std::string_view folded) const;
  [[nodiscard]] Result<const boost::json::array*> array(std::string_view folded) const;

 private:
  const boost::json::object& object_;
};

// The first failure of several.
template <class... Results>
[[nodiscard]] Result<void> first_failure(Results... results) {
  Result<void> first;
  ((first && !results ? void(first = std::move(results)) : void()), ...);
  return first;
}

}  // namespace rollcall::kv
