#include "api/finish.h"

#include <algorithm>

#include "api/gzip.h"
#include "base/ascii_case.h"
#include "base/check.h"
#include "base/digest.h"
#include "base/limits.h"

namespace rollcall::api {
namespace {

constexpr std::size_t k_etag_digits = 32;  // 128 bits of SHA-256: no two bodies share a tag, not even on purpose

// Whether any element of a comma-separated list is as `is_it` says.
template <class Is>
bool any_of_list(std::string_view list, Is is_it) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (is_it(trim(list.substr(0, comma)))) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

// RFC 9110 §12.4.2: a weight of zero means "not acceptable".
bool is_gzip_accepted(std::string_view accept_encoding) {
  return any_of_list(accept_encoding, [](std::string_view element) {
    const std::size_t semicolon = std::min(element.find(';'), element.size());
    if (!equal_but_for_case(trim(element.substr(0, semicolon)), "gzip")) return false;
    const std::string weight = to_lower(trim(element.substr(std::min(semicolon + 1, element.size()))));
    return !weight.starts_with("q=0") || weight.find_first_of("123456789") != std::string::npos;
  });
}

// RFC 9110 §13.1.2 compares weakly: `W/` makes no difference.
bool has_tag(std::string_view if_none_match, std::string_view tag) {
  const auto opaque = [](std::string_view text) { return text.starts_with("W/") ? text.substr(2) : text; };
  return any_of_list(if_none_match, [&](std::string_view each) { return each == "*" || opaque(each) == opaque(tag); });
}

const std::string* find_header(const Response& response, std::string_view name) {
  const auto found = std::ranges::find(response.headers, name, [](const auto& header) { return header.first; });
  return found == response.headers.end() ? nullptr : &found->second;
}

// Weak: the same for a body that is compressed and one that is not.
std::string tag_of(std::string_view body) { return "W/\"" + to_hex(sha256(body)).substr(0, k_etag_digits) + '"'; }

}  // namespace

Finish::Finish(const Manners& manners, const Request& request, Counters& counters)
    : counters_(&counters),
      varies_by_encoding_(manners.compresses),
      allows_other_origins_(manners.allows_other_origins) {
  const bool is_read = request.method == Method::get || request.method == Method::head;
  if (manners.is_conditional && is_read) if_none_match_.emplace(request.header("If-None-Match"));
  if (manners.compresses) accepts_gzip_ = is_gzip_accepted(request.header("Accept-Encoding"));
}

void Finish::apply(Response& response) const {
  if (response.status == 200 && if_none_match_) tag(response);
  if (response.status == 200 && varies_by_encoding_) compress(response);
  check(response.status != 304 || response.body.empty(), "a 304 has no body");
  if (allows_other_origins_) response.headers.emplace_back("Access-Control-Allow-Origin", "*");
  count_errors(response, *counters_);
}

void Finish::tag(Response& response) const {
  const std::string* own = find_header(response, "ETag");  // a handler may know a better one
  const std::string tag = own == nullptr ? tag_of(response.body) : *own;
  if (own == nullptr) response.headers.emplace_back("ETag", tag);
  if (!has_tag(*if_none_match_, tag)) return;
  response.status = 304;  // RFC 9110 §15.4.5
  response.body.clear();
  response.content_type = {};
}

void Finish::compress(Response& response) const {
  if (response.body.size() < limits::k_gzip_body_bytes_min) return;
  if (find_header(response, "Content-Encoding") != nullptr) return;  // a handler sends what was compressed before
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (!accepts_gzip_) return;
  response.body = gzip(response.body);
  check(response.body.starts_with("\x1f\x8b"), "what is called gzip begins as gzip does");
  response.headers.emplace_back("Content-Encoding", "gzip");
}

void count_errors(const Response& response, Counters& counters) {
  if (response.status == 401) counters.unauthenticated.fetch_add(1, std::memory_order_relaxed);
  if (response.status == 403) counters.forbidden.fetch_add(1, std::memory_order_relaxed);
  if (response.status >= 500) {
    counters.server_errors.fetch_add(1, std::memory_order_relaxed);
  } else if (response.status >= 400) {
    counters.client_errors.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace rollcall::api
