#include "api/consul/responses.h"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <initializer_list>
#include <utility>

#include "api/consul/door.h"
#include "api/refusal.h"

namespace rollcall::api::consul {
namespace {

namespace bj = boost::json;

void put_indented(const bj::value& value, std::string& out, std::size_t depth) {
  const auto line = [&](std::size_t at) { out.append(1, '\n').append(4 * at, ' '); };
  const auto each = [&](const auto& members, char open, char close, auto put) {
    out += open;
    bool is_first = true;
    for (const auto& member : members) {
      if (!std::exchange(is_first, false)) out += ',';
      line(depth + 1);
      put(member);
    }
    if (!is_first) line(depth);
    out += close;
  };
  if (value.is_object()) {
    each(value.get_object(), '{', '}', [&](const bj::key_value_pair& member) {
      out.append(bj::serialize(bj::string_view(member.key()))).append(": ");
      put_indented(member.value(), out, depth + 1);
    });
  } else if (value.is_array()) {
    each(value.get_array(), '[', ']', [&](const bj::value& element) { put_indented(element, out, depth + 1); });
  } else {
    out += bj::serialize(value);
  }
}

std::string indented(std::string body) {
  bj::monotonic_resource memory;
  boost::system::error_code failed;
  const bj::value value = bj::parse(body, failed, &memory);
  if (failed) return body;
  std::string out;
  out.reserve(body.size() * 2);
  put_indented(value, out, 0);
  return out += '\n';
}

}  // namespace

Response text(unsigned status, std::string sentence) {
  return {status, "text/plain; charset=utf-8", std::move(sentence), {}};
}

Response done() { return {200, {}, {}, {}}; }

Response truth(bool is_so) { return json(is_so ? "true" : "false"); }

Response json(std::string body, bool pretty) {
  return {200, "application/json", pretty ? indented(std::move(body)) : std::move(body), {}};
}

Response refused(const Error& error) { return refused(refusal_of(error)); }

Response refused(Refusal refusal) {
  Response response = refusal.status == 401   ? text(403, "ACL not found")
                      : refusal.status == 403 ? text(403, "Permission denied: " + refusal.detail)
                                              : text(refusal.status, std::move(refusal.detail));
  if (response.status != 403) response.headers = std::move(refusal.headers);
  return response;
}

std::expected<registry::ZoneId, Response> zone_of(const Call& call) {
  const std::string* name = call.query.find("dc");
  const auto zone = parts_of(call).identity.find_datacenter(name == nullptr ? std::string_view() : *name);
  if (zone) return *zone;
  return std::unexpected(text(500, "No path to datacenter"));
}

std::expected<void, Response> check_consistency(const Call& call) {
  if (!call.query.has("stale") || !call.query.has("consistent")) return {};
  return std::unexpected(text(400, "Cannot specify ?stale with ?consistent, conflicting semantics."));
}

std::string rest_of(const Call& call) {
  std::string room;
  return std::string(decode(call.path.rest, room));
}

bool is_from_browser(const Request& request) {
  if (request.is_from_page || request.header("User-Agent").starts_with("Mozilla/")) return true;
  for (const char* field : {"Origin", "Referer", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest"}) {
    if (!request.header(field).empty()) return true;
  }
  return false;
}

}  // namespace rollcall::api::consul
