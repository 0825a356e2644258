// The language of ?filter=: `Service.Meta["env"] == "prod" and not ("v1" in Service.Tags or Checks.Status != passing)`.
//
//   or  := and { "or" and }        and := not { "and" not }        not := "not" not | "(" or ")" | match
//   match := selector ("==" | "!=") value | value ["not"] "in" selector | selector ["not"] ("contains" | "matches") value
//          | selector "is" ["not"] "empty"
//   value := "text" | `text` | word | number                        selector := name { "." name | "[" value "]" }
//
// Rule     of a list any element counts, and `not in` and the other opposites are true where what they are the opposite of is
//          false. Of the checks of a service any counts for the opposites too. A key that a map lacks is equal to nothing, in
//          nothing, and empty.
// Shape    compiled once, then asked of many sources; what a field is called and which kind it is says the caller's table.
// Limits   k_filter_bytes_max, k_filter_depth_max, k_filter_matches_max. A pattern of `matches` is RE2: it takes linear time, and
//          bounded memory.
// Threads  immutable once compiled.
// Failure  Errc::invalid with a sentence that says where: "at character 12: …".
// Source   docs/consul-catalog.md; Consul, "Filtering".
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rollcall::api::consul {

inline constexpr std::size_t k_filter_bytes_max = 4096;  // of an expression
inline constexpr std::size_t k_filter_depth_max = 32;    // of parentheses and nots
inline constexpr std::size_t k_filter_matches_max = 128;

enum class FieldKind : std::uint8_t { text, number, truth, texts, map };

// A field that an expression may name. `id` is the caller's; a map's keys come behind its path.
struct FilterField {
  std::string_view path;  // "Service.Meta"
  FieldKind kind;
  unsigned id;
  bool is_each = false;  // of several things, as of each check: one that fits is enough, also for an opposite
};

// The values of a field: one of a text, any number of a list or of several checks.
class FieldValues {
 public:
  void add(std::string_view borrowed) { values_.push_back(borrowed); }
  void add_owned(std::string text) {
    owned_.push_back(std::make_unique<std::string>(std::move(text)));
    values_.emplace_back(*owned_.back());
  }
  void clear() {
    values_.clear();
    owned_.clear();
  }
  [[nodiscard]] std::span<const std::string_view> all() const { return values_; }

 private:
  std::vector<std::string_view> values_;
  std::vector<std::unique_ptr<std::string>> owned_;
};

// What is looked at. Numbers are decimal, truths "true" and "false".
class FilterSource {
 public:
  virtual ~FilterSource() = default;
  // Of a map: the value at `key`, if it has that; with an empty `key` its keys.
  virtual void read(unsigned field, std::string_view key, FieldValues& into) const = 0;
};

class Filter {
 public:
  [[nodiscard]] static Result<Filter> compile(std::string_view text, std::span<const FilterField> fields);
  [[nodiscard]] bool matches(const FilterSource& source) const;

  struct Node;  // expression.cc
  explicit Filter(std::shared_ptr<const Node> root) : root_(std::move(root)) {}

 private:
  std::shared_ptr<const Node> root_;
};

}  // namespace rollcall::api::consul
