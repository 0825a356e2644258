// What a call of the native API says of itself for /v1/openapi.json, beside what its route says already (path, method, right,
// parameters, size of the body).
//
//   {{Method::get, "/v1/status", Right::read, &run<&read_status>}, openapi::k_read_status},
//
// Shape    constants. A row of the door's table cannot be written without an Operation, and one that has no name, no summary or
//          no success does not compile.
// Source   OpenAPI 3.1.1, "Operation Object". What is the same for all calls (400, 401, 503 …) is in document.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "api/route.h"

namespace rollcall::api::native::openapi {

inline constexpr std::string_view k_json = "application/json";

// A response that is the call's own. `schema` is a name of schemas.h, for JSON and for texts of a form; empty: any octets.
struct Answer {
  unsigned status = 0;
  std::string_view text = {};
  std::string_view schema = {};
  std::string_view type = k_json;  // empty: no content
  std::string_view header = {};    // one that this response always has: a name of k_headers in document.cc
};

inline constexpr std::size_t k_answers_max = 4;

enum class Body : std::uint8_t { none, optional_json, json, merge_patch };

struct Operation {
  std::string_view id;                        // "renewInstance": what generated clients call it
  std::string_view summary;                   // a line
  std::string_view tag;                       // "registering", "reading", "watching", "server"
  std::array<Answer, k_answers_max> answers;  // successes, and errors besides those that every call may have
  Body body = Body::none;
  std::string_view body_schema = {};
  std::string_view text = {};    // more than the summary
  std::string_view header = {};  // a request header that it reads; described in document.cc
};

// A row of the table of routes.
struct Described {
  consteval Described(Route its_route, const Operation& its_operation) : route(its_route), operation(&its_operation) {
    const Operation& says = *operation;
    if (says.id.empty() || says.summary.empty() || says.tag.empty())
      throw "an operation has an id, a summary and a tag";
    if (says.answers[0].status < 200 || says.answers[0].status > 299) throw "the first answer is a success";
    for (const Answer& answer : says.answers) {
      if (answer.status != 0 && answer.text.empty()) throw "an answer says what it means";
    }
    if ((says.body == Body::none) != says.body_schema.empty()) throw "a body has a schema";
  }

  Route route;
  const Operation* operation;
};

// The routes alone, for the router.
template <std::size_t count>
[[nodiscard]] consteval std::array<Route, count> routes_of(const Described (&table)[count]) {
  return [&]<std::size_t... i>(std::index_sequence<i...>) {
    return std::array<Route, count>{table[i].route...};
  }(std::make_index_sequence<count>());
}

}  // namespace rollcall::api::native::openapi
