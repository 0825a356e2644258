#include "api/door.h"

#include <algorithm>
#include <fmt/format.h>
#include <string>
#include <vector>

namespace rollcall::api {
namespace {

constexpr std::size_t k_quoted_parameter_max = 64;  // of a parameter's name, in a sentence about it

bool takes(const Parameter& known, ParameterSet set) { return known.bit == 0 || (known.bit & set) != 0; }

// "zone, tag and status"
std::string names_of(std::span<const Parameter> known, ParameterSet set) {
  std::vector<std::string_view> names;
  for (const Parameter& parameter : known) {
    if (takes(parameter, set)) names.push_back(parameter.name);
  }
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text.append(i == 0 ? "" : i + 1 < names.size() ? ", " : " and ").append(names[i]);
  }
  return text;
}

}  // namespace

bool is_named(const Parameter& known, std::string_view name) {
  if (!known.is_prefix) return known.name == name;
  const std::string_view prefix = known.name.substr(0, known.name.rfind('.') + 1);
  return name.size() > prefix.size() && name.starts_with(prefix);
}

Result<void> check_parameters(const Door& door, ParameterSet set, const Result<Query>& query,
                              const registry::ZoneDirectory& zones) {
  if (!query) return std::unexpected(query.error());
  if (door.manners().parameters == ParameterManner::tolerant) return {};
  const std::span<const Parameter> known = door.manners().known_parameters;
  const std::span<const Query::Parameter> sent = query->parameters();
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const std::string& name = sent[i].name;
    const auto line =
        std::ranges::find_if(known, [&](const Parameter& each) { return is_named(each, name) && takes(each, set); });
    if (line == known.end()) {
      std::string shown = name.substr(0, k_quoted_parameter_max);
      return failure(Errc::invalid,
                     fmt::format("unknown parameter \"{}\"; this call takes {}", shown, names_of(known, set)), shown);
    }
    if (const auto checked = door.check_parameter(name, sent[i].value, zones); !checked) return checked;
    const auto earlier = sent.first(i);
    const bool is_second = std::ranges::find(earlier, name, &Query::Parameter::name) != earlier.end();
    if (is_second) return failure(Errc::invalid, fmt::format("the parameter {} is given twice", name), name);
  }
  return {};
}

}  // namespace rollcall::api
