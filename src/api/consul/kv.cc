#include "api/consul/kv.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/consul/keys/calls.h"
#include "api/consul/keys/shown.h"
#include "json/writer.h"

namespace rollcall::api::consul {
namespace {

using kv::Topic;
using kv::Verb;

Response not_found() { return {404, "text/plain; charset=utf-8", {}, {}}; }

// A parameter without a value is set, as Go's clients send them; `false` is what it says.
bool is_set(const Call& call, std::string_view name) {
  const std::string* const value = call.query.find(name);
  return value != nullptr && *value != "false" && *value != "0";
}

// The parameters of one change exclude each other.
std::expected<void, Response> check_conflicts(const Call& call, std::initializer_list<std::string_view> names) {
  std::string given;
  std::size_t count = 0;
  for (const std::string_view name : names) {
    if (!call.query.has(name)) continue;
    given.append(given.empty() ? "" : ", ").append(name);
    ++count;
  }
  if (count < 2) return {};
  return std::unexpected(text(400, "Conflicting flags: " + given));
}

std::expected<std::uint64_t, Response> read_number(const Call& call, std::string_view name) {
  const std::string* const value = call.query.find(name);
  if (value == nullptr) return 0;
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(value->data(), value->data() + value->size(), number);
  if (failed == std::errc() && end == value->data() + value->size() && !value->empty()) return number;
  return std::unexpected(text(400, fmt::format("Failed to parse {}: it must be a whole number of 64 bits", name)));
}

std::expected<std::string, Response> read_key_name(const Call& call) {
  std::string key = rest_of(call);
  if (key.empty()) return std::unexpected(text(400, "Missing key name"));
  if (const std::string wrong = why_no_key(key); !wrong.empty()) return std::unexpected(text(400, wrong));
  return key;
}

using Entries = std::vector<kv::EntryPtr>;

Entries entries_below(const kv::View& view, std::string_view prefix) {
  Entries entries;
  view.tables().for_each_below(prefix, [&](const kv::EntryPtr& entry) { entries.push_back(entry); });
  return entries;
}

// The names of what is below a prefix, cut after the first separator behind it, each once.
Response list_names(const Entries& entries, std::string_view prefix, std::string_view separator, bool is_pretty) {
  if (entries.empty()) return not_found();
  json::Writer out;
  out.open_array();
  std::string_view last;
  for (const kv::EntryPtr& entry : entries) {
    std::string_view name = entry->key;
    if (!separator.empty()) {
      const std::size_t at = name.find(separator, prefix.size());
      if (at != std::string_view::npos) name = name.substr(0, at + separator.size());
    }
    if (name == last) continue;
    last = name;
    out.value(name);
  }
  return json(out.close_array().take(), is_pretty);
}

Response list(const Entries& entries, bool is_pretty) {
  if (entries.empty()) return not_found();
  json::Writer out(4096);
  out.open_array();
  for (const kv::EntryPtr& entry : entries) put_entry(out, *entry, true);
  return json(out.close_array().take(), is_pretty);
}

Response raw(const kv::Entry& entry) {
  Response response{200, "text/plain", entry.value, {}};
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");  // a value is no page of ours
  response.headers.emplace_back("Content-Security-Policy", "sandbox");
  return response;
}

// Whether what is below a prefix is so much that others should not wait while it is written. One look at the sizes.
bool is_much(const kv::KeyValues* keys, std::string_view prefix) {
  constexpr std::size_t k_bytes_at_once_max = std::size_t{256} << 10;
  if (keys == nullptr) return false;
  return keys->read([&](const kv::View& view) {
    std::size_t bytes = 0;
    const auto& entries = view.tables().entries();
    for (auto at = entries.lower_bound(prefix); at != entries.end() && at->first.starts_with(prefix); ++at) {
      bytes += 128 + at->second->key.size() + at->second->value.size();
      if (bytes > k_bytes_at_once_max) return true;
    }
    return false;
  });
}

Routed change_key(const Call& call, kv::Operation operation) {
  return change(call, kv::Transaction{{std::move(operation)}}, [](const kv::Outcome& outcome) {
    if (done_of(outcome) != nullptr) return truth(true);
    const kv::Refusal* const refusal = refusal_of_outcome(outcome);
    return refusal != nullptr && refusal->why == kv::Why::unmet ? truth(false) : failed(outcome);
  });
}

}  // namespace

Routed read_keys(const Call& call) {
  if (const auto permitted = permit_keys(call); !permitted) return permitted.error();
  const std::string key = rest_of(call);
  const bool is_pretty = consul::is_pretty(call);
  const bool is_list_of_names = is_set(call, "keys");
  if (is_list_of_names || is_set(call, "recurse")) {
    const std::string* const given = call.query.find("separator");
    const std::string separator = given == nullptr ? std::string() : *given;
    auto look = [=](const kv::View& view) -> MakeLater {
      return [=, entries = entries_below(view, key)] {
        return is_list_of_names ? list_names(entries, key, separator, is_pretty) : list(entries, is_pretty);
      };
    };
    return answer(call, {{Topic::Kind::prefix, key}, std::move(look), is_much(keys_of(call), key)});
  }
  if (key.empty()) return text(400, "Missing key name");
  auto look = [key, is_raw = is_set(call, "raw"), is_pretty](const kv::View& view) -> MakeLater {
    return [entry = view.tables().find(key), is_raw, is_pretty] {
      if (!entry) return not_found();
      return is_raw ? raw(*entry) : list({entry}, is_pretty);
    };
  };
  return answer(call, {{Topic::Kind::key, key}, std::move(look)});
}

Routed put_key(const Call& call) {
  if (const auto permitted = permit_keys(call); !permitted) return permitted.error();
  if (const auto zone = zone_of(call); !zone) return zone.error();
  if (const auto checked = check_conflicts(call, {"cas", "acquire", "release"}); !checked) return checked.error();
  auto key = read_key_name(call);
  if (!key) return key.error();
  const auto flags = read_number(call, "flags");
  if (!flags) return flags.error();
  const auto index = read_number(call, "cas");
  if (!index) return index.error();
  kv::Operation operation{.verb = Verb::set,
                          .key = std::move(*key),
                          .value = std::string(call.request.body),
                          .flags = *flags,
                          .index = *index,
                          .session = {}};
  if (call.query.has("cas")) operation.verb = Verb::cas;
  for (const auto& [name, verb] : {std::pair("acquire", Verb::lock), std::pair("release", Verb::unlock)}) {
    if (const std::string* const session = call.query.find(name)) {
      operation.verb = verb;
      operation.session = *session;
    }
  }
  return change_key(call, std::move(operation));
}

Routed delete_keys(const Call& call) {
  if (const auto permitted = permit_keys(call); !permitted) return permitted.error();
  if (const auto zone = zone_of(call); !zone) return zone.error();
  if (const auto checked = check_conflicts(call, {"recurse", "cas"}); !checked) return checked.error();
  if (is_set(call, "recurse")) return change_key(call, {.verb = Verb::remove_tree, .key = rest_of(call)});
  auto key = read_key_name(call);
  if (!key) return key.error();
  const auto index = read_number(call, "cas");
  if (!index) return index.error();
  const Verb verb = call.query.has("cas") ? Verb::remove_cas : Verb::remove;
  return change_key(call, {.verb = verb, .key = std::move(*key), .index = *index});
}

}  // namespace rollcall::api::consul
