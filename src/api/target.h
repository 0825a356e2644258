// The target of a request: which path, and which parameters.
//
// Shape    a Target borrows from the request; its segments are as sent, still percent-encoded. A Query owns its texts.
// Threads  values.
// Failure  text that is no URL has no Target; a query that is no list of pairs is an Error.
// Source   RFC 9112 §3.2 (origin form, absolute form); RFC 3986.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rollcall::api {

inline constexpr std::size_t k_path_segments_max = 6;  // /v1/services/{service}/instances/{id}/heartbeat

struct Target {
  std::string_view path;                                       // never normalised: "." and "//" stay as sent
  std::string_view query;                                      // without the question mark
  std::array<std::string_view, k_path_segments_max> segments;  // of the path, without the slashes
  std::size_t segment_count = 0;                               // k_path_segments_max + 1 for every longer path
};

[[nodiscard]] std::optional<Target> parse_target(std::string_view text);

// The same path without its last slash, for doors that ignore one. Empty: there is none, or it is all of the path.
[[nodiscard]] std::optional<Target> without_final_slash(const Target& target);

// A segment, or a parameter's value, percent-decoded. `room` holds the text where it had to be decoded.
[[nodiscard]] std::string_view decode(std::string_view encoded, std::string& room);

// How a door reads the parameters of its calls.
enum class ParameterManner : std::uint8_t {
  strict,    // a parameter that the route does not take, that is wrong or given twice is an error; '+' is itself
  tolerant,  // unknown ones are ignored, names compare without case, repeats are a list, '+' is a space, what cannot be
             // decoded stays as it is
};

class Query {
 public:
  struct Parameter {
    std::string name;
    std::string value;  // empty also for a name without "="
  };

  Query() = default;
  // Decoded. Errc::invalid for text that is no list of pairs; never for ParameterManner::tolerant.
  [[nodiscard]] static Result<Query> parse(std::string_view text, ParameterManner manner);

  [[nodiscard]] const std::vector<Parameter>& parameters() const { return parameters_; }  // in the order sent
  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }
  // The first of this name; null: there is none. Until the Query ends.
  [[nodiscard]] const std::string* find(std::string_view name) const;
  // All of this name, in the order sent.
  [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const;

 private:
  [[nodiscard]] bool is_named(const Parameter& parameter, std::string_view name) const;

  std::vector<Parameter> parameters_;
  bool ignores_case_ = false;
};

}  // namespace rollcall::api
