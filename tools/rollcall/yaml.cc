#include "tools/rollcall/yaml.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace rollcall::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t k_step = 2;  // blanks that a level is indented by

bool is_block(const json::value& value) {
  const bool is_map = value.is_object() && !value.get_object().empty();
  return is_map || (value.is_array() && !value.get_array().empty());
}

void put(const json::value& value, std::size_t indent, std::string& out);

// Behind "key:" or "-": on the same line where it is one word, else below.
void put_behind(const json::value& value, std::size_t indent, std::string& out) {
  if (!is_block(value)) {
    out.append(" ").append(json::serialize(value)).append("\n");
    return;
  }
  out += '\n';
  put(value, indent, out);
}

void put(const json::value& value, std::size_t indent, std::string& out) {
  const std::string blanks(indent, ' ');
  if (const json::object* object = value.if_object()) {
    for (const auto& [key, member] : *object) {
      out.append(blanks).append(json::serialize(json::value(key))).append(":");
      put_behind(member, indent + k_step, out);
    }
  } else if (const json::array* array = value.if_array()) {
    for (const json::value& element : *array) {
      out.append(blanks).append("-");
      put_behind(element, indent + k_step, out);
    }
  }
}

}  // namespace

std::string as_yaml(const json::value& value) {
  if (!is_block(value)) return json::serialize(value) + "\n";
  std::string out;
  put(value, 0, out);
  return out;
}

}  // namespace rollcall::cli
