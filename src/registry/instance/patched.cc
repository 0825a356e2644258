#include "registry/instance/patched.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include "base/json_text.h"
#include "registry/instance/registration.h"

namespace rollcall::registry {
namespace {

namespace bj = boost::json;
using Tags = std::vector<std::string>;
using Meta = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view k_begin = R"({"registered":{)";
constexpr std::string_view k_name = R"({"registered":)";

// What the registration says of the fields that were patched.
struct Registered {
  std::optional<std::uint16_t> weight = {};
  std::optional<std::uint16_t> priority = {};
  std::optional<Tags> tags = {};
  std::optional<Meta> meta = {};
};

void read(const bj::value& value, std::optional<std::uint16_t>& into) {
  if (!value.is_int64()) return;
  if (const std::int64_t number = value.get_int64(); std::in_range<std::uint16_t>(number)) {
    into = static_cast<std::uint16_t>(number);
  }
}

void read(const bj::value& value, std::optional<Tags>& into) {
  if (!value.is_array()) return;
  into.emplace();
  for (const bj::value& tag : value.get_array()) {
    if (tag.is_string()) into->emplace_back(std::string_view(tag.get_string()));
  }
}

void read(const bj::value& value, std::optional<Meta>& into) {
  if (!value.is_object()) return;
  into.emplace();
  for (const auto& [key, text] : value.get_object()) {
    if (text.is_string()) into->emplace_back(std::string_view(key), std::string_view(text.get_string()));
  }
}

// A row that somebody has edited may hold anything: what cannot be read counts as not patched.
Registered registered_of(const Registration& present) {
  Registered registered;
  if (present.door != Door::native || !has_patch(present.attributes)) return registered;
  bj::error_code broken;
  const bj::value whole = bj::parse(registered_part(present.attributes), broken);
  if (broken || !whole.is_object()) return registered;
  for (const auto& [name, value] : whole.get_object()) {
    if (name == "weight") read(value, registered.weight);
    if (name == "priority") read(value, registered.priority);
    if (name == "tags") read(value, registered.tags);
    if (name == "meta") read(value, registered.meta);
  }
  return registered;
}

bool is_same(const Meta& a, const Meta& b) {
  Meta ours = a;
  Meta theirs = b;
  std::ranges::sort(ours);
  std::ranges::sort(theirs);
  return ours == theirs;
}
bool is_same(const auto& a, const auto& b) { return a == b; }

// A field that shows what is registered is not patched.
template <class T>
void drop_if_same(std::optional<T>& registered, const T& shown) {
  if (registered && is_same(*registered, shown)) registered.reset();
}

void put_name(std::string_view name, std::string& out) {
  if (out.back() != '{') out += ',';
  append_json_string(name, out);
  out += ':';
}

std::string write(const Registered& registered) {
  std::string out(k_begin);
  if (registered.weight) put_name("weight", out), out += std::to_string(*registered.weight);
  if (registered.priority) put_name("priority", out), out += std::to_string(*registered.priority);
  if (registered.tags) {
    put_name("tags", out);
    out += '[';
    for (const std::string& tag : *registered.tags) {
      if (out.back() != '[') out += ',';
      append_json_string(tag, out);
    }
    out += ']';
  }
  if (registered.meta) {
    put_name("meta", out);
    out += '{';
    for (const auto& [key, value] : *registered.meta) {
      put_name(key, out);
      append_json_string(value, out);
    }
    out += '}';
  }
  return out == k_begin ? std::string() : out.append("}}");
}

std::string attributes_of(Registered registered, const Registration& shown) {
  drop_if_same(registered.weight, shown.weight);
  drop_if_same(registered.priority, shown.priority);
  drop_if_same(registered.tags, shown.tags);
  drop_if_same(registered.meta, shown.meta);
  return write(registered);
}

// A field that is registered as before goes on being patched.
template <class T>
void keep(std::optional<T>& registered, T& asked, const T& shown) {
  if (!registered) return;
  if (is_same(*registered, asked)) {
    asked = shown;
  } else {
    registered.reset();
  }
}

template <class T>
void change(std::optional<T>& registered, T& shown, const T& wanted) {
  if (!registered) registered = shown;
  shown = wanted;
}

// RFC 7396 §2, for the members of one object.
Meta merge(Meta meta, const Patch& patch) {
  if (patch.clears_meta) meta.clear();
  for (const auto& [key, value] : patch.meta) {
    const auto at = std::ranges::find(meta, key, [](const auto& pair) -> const std::string& { return pair.first; });
    if (at == meta.end()) {
      if (value) meta.emplace_back(key, *value);
    } else if (value) {
      at->second = *value;
    } else {
      meta.erase(at);
    }
  }
  return meta;
}

}  // namespace

bool has_patch(std::string_view attributes) noexcept { return attributes.starts_with(k_begin); }

std::string_view registered_part(std::string_view attributes) noexcept {
  return attributes.substr(k_name.size(), attributes.size() - k_name.size() - 1);
}

Registration last_registered(Registration present) {
  Registered registered = registered_of(present);
  if (registered.weight) present.weight = *registered.weight;
  if (registered.priority) present.priority = *registered.priority;
  if (registered.tags) present.tags = std::move(*registered.tags);
  if (registered.meta) present.meta = std::move(*registered.meta);
  if (present.door == Door::native && has_patch(present.attributes)) present.attributes.clear();
  return present;
}

Registration registered_over(const Registration& present, Registration asked) {
  const bool is_patched = present.door == Door::native && has_patch(present.attributes);
  if (!is_patched || asked.door != Door::native || !asked.attributes.empty()) return asked;
  Registered registered = registered_of(present);
  keep(registered.weight, asked.weight, present.weight);
  keep(registered.priority, asked.priority, present.priority);
  keep(registered.tags, asked.tags, present.tags);
  keep(registered.meta, asked.meta, present.meta);
  asked.attributes = attributes_of(std::move(registered), asked);
  return asked;
}

Result<Registration> patched(const Registration& present, const Patch& patch, std::size_t zone_apex_bytes) {
  if (present.door != Door::native) {
    return failure(Errc::conflict, fmt::format("the instance was registered by {}'s API: change its registration there",
                                               present.door == Door::consul ? "Consul" : "Eureka"));
  }
  if (!present.attributes.empty() && !has_patch(present.attributes)) {
    return failure(Errc::conflict, "the instance comes from a record in etcd: change that record");
  }
  Registered registered = registered_of(present);
  Registration next = present;
  if (patch.weight) change(registered.weight, next.weight, *patch.weight);
  if (patch.priority) change(registered.priority, next.priority, *patch.priority);
  if (patch.tags) change(registered.tags, next.tags, *patch.tags);
  if (patch.clears_meta || !patch.meta.empty()) change(registered.meta, next.meta, merge(next.meta, patch));
  // The widest bounds: the lease was granted, and stays as it is.
  Result<Registration> normal = normalise(std::move(next), LeaseBounds{}, zone_apex_bytes, {.needs_lease = false});
  if (normal) normal->attributes = attributes_of(std::move(registered), *normal);
  return normal;
}

}  // namespace rollcall::registry
