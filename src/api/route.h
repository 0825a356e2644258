// A line of a door's table: which requests lead to which handler, and what holds for them before the handler runs.
//
//   "/v1/services/{service}/instances/{id}"   {name} captures one segment that is not empty
//   "/v1/kv/*"                                the star captures the rest of the path, slashes and all; it may be empty
//
// Shape    constants: a pattern is checked when it is compiled. Captures borrow from the request's target and are as sent,
//          still percent-encoded (decode in target.h).
// Rule     in a table the first route that matches counts: fixed segments stand before captures in their place.
// Threads  immutable.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "api/access.h"
#include "api/message.h"
#include "api/routed.h"
#include "api/target.h"
#include "base/check.h"
#include "base/limits.h"

namespace rollcall::api {

struct Call;

// A set of methods. HEAD belongs to every GET that changes nothing; no table names it.
class Methods {
 public:
  constexpr Methods(Method one) : bits_(bit(one)) {}  // NOLINT(google-explicit-constructor): reads as one in a table
  constexpr Methods(std::initializer_list<Method> all) {
    for (const Method each : all) bits_ |= bit(each);
  }
  [[nodiscard]] constexpr bool has(Method method) const { return (bits_ & bit(method)) != 0; }

 private:
  static constexpr unsigned bit(Method method) { return 1U << static_cast<unsigned>(method); }
  unsigned bits_ = 0;
};

inline constexpr std::size_t k_captures_max = 3;

// What a path had where its pattern has captures.
struct PathMatch {
  std::array<std::string_view, k_captures_max> captures;  // from left to right
  std::string_view rest;                                  // for the star
};

class Pattern {
 public:
  consteval Pattern(const char* path) : text_(path) {  // NOLINT(google-explicit-constructor): reads as text in a table
    std::string_view rest = text_;
    while (!rest.empty()) {
      if (rest.front() != '/' || has_star_) throw "a pattern begins with a slash and ends with its star";
      rest.remove_prefix(1);
      const std::size_t length = rest.find('/') == std::string_view::npos ? rest.size() : rest.find('/');
      add(rest.substr(0, length));
      rest.remove_prefix(length);
    }
  }

  [[nodiscard]] constexpr std::string_view text() const { return text_; }
  [[nodiscard]] constexpr std::size_t captures() const { return captures_; }
  // Fills `into` when it returns true.
  [[nodiscard]] bool match(const Target& target, PathMatch& into) const;

 private:
  consteval void add(std::string_view segment) {
    if (count_ == k_path_segments_max) throw "a pattern has too many segments";
    has_star_ = segment == "*";
    if (has_star_) return;
    is_capture_[count_] = segment.starts_with('{') && segment.ends_with('}');
    if (is_capture_[count_] && ++captures_ > k_captures_max) throw "a pattern has too many captures";
    segments_[count_++] = segment;
  }

  std::string_view text_;
  std::array<std::string_view, k_path_segments_max> segments_{};
  std::array<bool, k_path_segments_max> is_capture_{};
  std::size_t count_ = 0;  // without the star
  std::size_t captures_ = 0;
  bool has_star_ = false;
};

// Whether a call goes to the writer: then it may follow other changes there, and HEAD is not taken for GET.
enum class Effect : std::uint8_t {
  none,
  change,
  // What the change is depends on the roll: the requests ahead of it on its connection are answered first.
  change_in_turn,
};

// How large the response may be: `any` needs MemoryRoom::enough, else the call is answered 503.
enum class AnswerSize : std::uint8_t { small, any };

// A set of the query parameters a door knows (Manners::parameters), one bit each.
using ParameterSet = std::uint32_t;

struct RouteOptions {
  ParameterSet takes = 0;  // strict doors: besides the parameters that every call of the door takes
  AnswerSize answer = AnswerSize::small;
  std::size_t body_bytes_max = limits::k_http_body_bytes_max;
  bool AccessRules::* opened_by = nullptr;  // a setting that takes the right away
};

struct Route {
  Methods methods;
  Pattern path;
  Right right;  // what the caller must have, for some services at least; there is no default
  Routed (*handler)(const Call&);
  Effect effect = Effect::none;
  RouteOptions options = {};

  [[nodiscard]] constexpr bool takes(Method method) const {
    if (method == Method::head) return methods.has(Method::get) && effect == Effect::none;
    return methods.has(method);
  }
};

}  // namespace rollcall::api
