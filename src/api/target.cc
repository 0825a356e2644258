#include "api/target.h"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/parse_query.hpp>
#include <boost/url/pct_string_view.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>

#include "base/ascii_case.h"
#include "base/check.h"

namespace rollcall::api {
namespace {

namespace urls = boost::urls;

void split(Target& target) {
  check(target.path.empty() || target.path.starts_with('/'), "a path is absolute");
  std::string_view rest = target.path;
  while (!rest.empty()) {
    rest.remove_prefix(1);  // the slash
    const std::size_t length = std::min(rest.find('/'), rest.size());
    if (target.segment_count == k_path_segments_max) {
      ++target.segment_count;
      return;
    }
    target.segments[target.segment_count++] = rest.substr(0, length);
    rest.remove_prefix(length);
  }
}

// True for most targets, which need no URL parser: all characters are unreserved.
bool is_plain_path(std::string_view text) {
  if (!text.starts_with('/') || text.starts_with("//")) return false;
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '/' || c == '-' ||
           c == '.' || c == '_' || c == '~';
  });
}

std::string decode_strictly(std::string_view encoded) {
  std::string room;
  return std::string(decode(encoded, room));
}

// As application/x-www-form-urlencoded; an escape that is none stays.
std::string decode_tolerantly(std::string_view encoded) {
  std::string text;
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    unsigned octet = 0;
    const char* const digits = encoded.data() + i + 1;
    if (encoded[i] == '%' && i + 2 < encoded.size() &&
        std::from_chars(digits, digits + 2, octet, 16).ptr == digits + 2) {
      text += static_cast<char>(octet);
      i += 2;
    } else {
      text += encoded[i] == '+' ? ' ' : encoded[i];
    }
  }
  return text;
}

}  // namespace

std::optional<Target> parse_target(std::string_view text) {
  if (is_plain_path(text)) {
    Target plain{text, {}, {}, 0};
    split(plain);
    return plain;
  }
  // A client behind a proxy setting may send the absolute form; a server must take it (RFC 9112 §3.2.2).
  const auto parsed = text.starts_with('/') ? urls::parse_origin_form(text) : urls::parse_absolute_uri(text);
  if (!parsed) return std::nullopt;
  const urls::pct_string_view path = parsed->encoded_path();
  const urls::pct_string_view query = parsed->encoded_query();
  Target target{{path.data(), path.size()}, {query.data(), query.size()}, {}, 0};
  if (!target.path.empty() && !target.path.starts_with('/')) return std::nullopt;  // "mailto:web"
  split(target);
  return target;
}

std::optional<Target> without_final_slash(const Target& target) {
  if (target.path.size() < 2 || !target.path.ends_with('/')) return std::nullopt;
  Target shorter{target.path.substr(0, target.path.size() - 1), target.query, {}, 0};
  split(shorter);
  return shorter;
}

std::string_view decode(std::string_view encoded, std::string& room) {
  if (encoded.find('%') == std::string_view::npos) return encoded;
  const auto checked = urls::make_pct_string_view(encoded);
  check(checked.has_value(), "only parts of a target that was parsed as a URL are decoded");
  room = checked->decode();
  return room;
}

Result<Query> Query::parse(std::string_view text, ParameterManner manner) {
  Query query;
  query.ignores_case_ = manner == ParameterManner::tolerant;
  if (text.empty()) return query;
  if (query.ignores_case_) {
    for (std::size_t begin = 0; begin <= text.size();) {
      const std::size_t end = std::min(text.find('&', begin), text.size());
      const std::string_view pair = text.substr(begin, end - begin);
      const std::size_t equals = std::min(pair.find('='), pair.size());
      if (!pair.empty()) {
        query.parameters_.push_back({decode_tolerantly(pair.substr(0, equals)),
                                     decode_tolerantly(pair.substr(std::min(equals + 1, pair.size())))});
      }
      begin = end + 1;
    }
    return query;
  }
  // Boost.URL 1.81 reads what it has parsed up to a NUL: the query gets one of its own.
  const std::string terminated(text);
  const auto parsed = urls::parse_query(terminated);
  if (!parsed) return failure(Errc::invalid, "the query is no list of name=value");
  for (const auto& parameter : *parsed) {
    if (parameter.key.empty() && parameter.value.empty()) continue;  // "?zone=a&"
    query.parameters_.push_back({decode_strictly({parameter.key.data(), parameter.key.size()}),
                                 decode_strictly({parameter.value.data(), parameter.value.size()})});
  }
  return query;
}

const std::string* Query::find(std::string_view name) const {
  for (const Parameter& parameter : parameters_) {
    if (is_named(parameter, name)) return &parameter.value;
  }
  return nullptr;
}

std::vector<std::string_view> Query::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Parameter& parameter : parameters_) {
    if (is_named(parameter, name)) values.emplace_back(parameter.value);
  }
  return values;
}

bool Query::is_named(const Parameter& parameter, std::string_view name) const {
  return ignores_case_ ? equal_but_for_case(parameter.name, name) : parameter.name == name;
}

}  // namespace rollcall::api
