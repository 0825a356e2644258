#include "api/native/openapi/schema.h"

#include <array>
#include <boost/json/array.hpp>
#include <limits>
#include <string>
#include <utility>

#include "base/check.h"

namespace rollcall::api::native::openapi {

namespace json = boost::json;

namespace {

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

// "[0-9]{1,3}d" and so on, each with those after it that may follow: as base/duration.cc reads them. So few digits that no
// sum exceeds what is read.
std::string make_duration_pattern() {
  constexpr std::array<std::string_view, 5> k_units{"[0-9]{1,3}d", "[0-9]{1,4}h", "[0-9]{1,6}m", "[0-9]{1,7}s",
                                                    "[0-9]{1,10}ms"};
  std::string all;
  for (std::size_t first = 0; first < k_units.size(); ++first) {
    all.append(all.empty() ? "^(" : "|").append(k_units[first]);
    for (std::size_t next = first + 1; next < k_units.size(); ++next)
      all.append("(").append(k_units[next]).append(")?");
  }
  return all + ")$";
}

}  // namespace

Schema text(std::size_t min, std::size_t max) {
  Schema schema{{"type", "string"}};
  if (min > 0) schema["minLength"] = min;
  if (max > 0) schema["maxLength"] = max;
  return schema;
}

Schema pattern(std::string_view regular_expression) {
  return {{"type", "string"}, {"pattern", view(regular_expression)}};
}

Schema constant(std::string_view text) { return {{"const", view(text)}}; }

Schema one_text_of(std::initializer_list<std::string_view> texts) {
  json::array all;
  for (const std::string_view text : texts) all.emplace_back(view(text));
  return {{"type", "string"}, {"enum", std::move(all)}};
}

Schema integer(std::int64_t min, std::int64_t max) { return {{"type", "integer"}, {"minimum", min}, {"maximum", max}}; }
Schema count() { return {{"type", "integer"}, {"minimum", 0}}; }
Schema truth() { return {{"type", "boolean"}}; }
Schema time() { return {{"type", "string"}, {"format", "date-time"}}; }

Schema list(Schema of, std::size_t max, std::size_t min) {
  Schema schema{{"type", "array"}, {"items", std::move(of)}};
  if (min > 0) schema["minItems"] = min;
  if (max > 0) schema["maxItems"] = max;
  return schema;
}

Schema any_of(std::initializer_list<Schema> schemas) {
  json::array all;
  for (const Schema& schema : schemas) all.emplace_back(schema);
  return {{"anyOf", std::move(all)}};
}

Schema or_null(Schema schema) { return any_of({std::move(schema), {{"type", "null"}}}); }

Schema named(std::string_view schema) { return {{"$ref", std::string("#/components/schemas/").append(schema)}}; }

Schema with_text(Schema schema, std::string_view text) {
  schema["description"] = view(text);
  return schema;
}

std::string_view duration_pattern() {
  static const std::string all = make_duration_pattern();
  return all;
}

Schema duration(std::chrono::milliseconds least, std::chrono::milliseconds most) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(least);
  return any_of(
      {integer(seconds.count(), std::chrono::floor<std::chrono::seconds>(most).count()), pattern(duration_pattern())});
}

Schema object(std::vector<Member> members) {
  json::object properties;
  json::array required;
  for (Member& member : members) {
    check(!properties.contains(view(member.name)), "an object has a member once");
    properties[view(member.name)] = std::move(member.schema);
    if (member.is_required) required.emplace_back(view(member.name));
  }
  Schema schema{{"type", "object"}};
  if (!required.empty()) schema["required"] = std::move(required);
  schema["properties"] = std::move(properties);
  return schema;
}

Schema closed_object(std::vector<Member> members) {
  Schema schema = object(std::move(members));
  schema["additionalProperties"] = false;
  return schema;
}

}  // namespace rollcall::api::native::openapi
