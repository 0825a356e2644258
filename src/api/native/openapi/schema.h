// JSON Schema 2020-12 as values: the words that the schemas of the API are written in.
//
// Shape    each is an object of Boost.JSON; joined by value. Texts are constants.
// Threads  any.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace rollcall::api::native::openapi {

using Schema = boost::json::object;

[[nodiscard]] Schema text(std::size_t min = 0, std::size_t max = 0);  // characters; max 0: no bound
[[nodiscard]] Schema pattern(std::string_view regular_expression);
[[nodiscard]] Schema constant(std::string_view text);
[[nodiscard]] Schema one_text_of(std::initializer_list<std::string_view> texts);
[[nodiscard]] Schema integer(std::int64_t min, std::int64_t max);
[[nodiscard]] Schema count();  // 0 and more
[[nodiscard]] Schema truth();
[[nodiscard]] Schema time();  // RFC 3339
[[nodiscard]] Schema list(Schema of, std::size_t max = 0, std::size_t min = 0);
[[nodiscard]] Schema any_of(std::initializer_list<Schema> schemas);
[[nodiscard]] Schema or_null(Schema schema);
[[nodiscard]] Schema named(std::string_view schema);  // a reference to components/schemas
[[nodiscard]] Schema with_text(Schema schema, std::string_view text);

// A whole number of seconds, or "1m30s"; base/duration.h.
[[nodiscard]] Schema duration(std::chrono::milliseconds least, std::chrono::milliseconds most);
[[nodiscard]] std::string_view duration_pattern();

struct Member {
  std::string_view name;
  Schema schema;
  bool is_required = true;
};
[[nodiscard]] inline Member optional(std::string_view name, Schema schema) { return {name, std::move(schema), false}; }

// An object that may have more members: clients ignore what they do not know.
[[nodiscard]] Schema object(std::vector<Member> members);
// One that may not: a body, whose unknown fields are refused.
[[nodiscard]] Schema closed_object(std::vector<Member> members);

}  // namespace rollcall::api::native::openapi
