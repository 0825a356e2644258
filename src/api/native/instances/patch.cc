// Changes of single fields of an instance (RFC 5789), as a merge patch (RFC 7396): registry/instance/patched.h.
#include <boost/json/object.hpp>
#include <fmt/format.h>
#include <string>
#include <utility>

#include "api/native/calls.h"
#include "api/native/describe.h"
#include "api/native/shown.h"
#include "api/problem.h"
#include "base/ascii_case.h"
#include "base/limits.h"
#include "base/rcu.h"
#include "json/body.h"
#include "json/values.h"
#include "registry/instance/registration.h"

namespace rollcall::api::native {
namespace {

using registry::LeaseTime;
using registry::Patch;

constexpr std::string_view k_expected = R"(a merge patch, a JSON object like {"weight":5,"meta":{"version":null}})";
constexpr std::string_view k_taken = "application/merge-patch+json";
constexpr std::uint16_t k_usual = 1;  // of weight and priority: null asks for it

std::string_view view(boost::json::string_view text) { return {text.data(), text.size()}; }

bool is_taken(std::string_view content_type) {
  const std::string_view type = trim(content_type.substr(0, content_type.find(';')));
  return type.empty() || equal_but_for_case(type, k_taken) || equal_but_for_case(type, "application/json");
}

Result<void> read_number(const boost::json::value& value, std::string_view field, std::optional<std::uint16_t>& into) {
  if (!value.is_null()) return json::keep(json::parse_u16(value, field, 0), into);
  into = k_usual;
  return {};
}

Result<void> read_tags(const boost::json::value& value, Patch& patch) {
  patch.tags.emplace();
  if (value.is_null()) return {};
  return json::read_list(value, "tags", "strings, each a DNS label", limits::k_tags_max, *patch.tags,
                         [](const boost::json::value& element, const std::string& field) -> Result<std::string> {
                           const auto text = json::parse_text(element, field);
                           return text ? registry::parse_label(*text, field) : std::unexpected(text.error());
                         });
}

Result<void> read_meta(const boost::json::value& value, Patch& patch) {
  patch.clears_meta = value.is_null();
  if (patch.clears_meta) return {};
  const boost::json::object* members = value.if_object();
  if (members == nullptr)
    return json::invalid("meta must be an object of strings, and null for what is removed", "meta");
  for (const auto& [key, member] : *members) {
    if (member.is_null()) {
      patch.meta.emplace_back(view(key), std::nullopt);
      continue;
    }
    const auto text = json::parse_text(member, std::string("meta.").append(json::quotable(key)));
    if (!text) return std::unexpected(text.error());
    patch.meta.emplace_back(view(key), std::string(*text));
  }
  return {};
}

Result<void> read_field(std::string_view name, const boost::json::value& value, Patch& patch) {
  if (name == "weight") return read_number(value, name, patch.weight);
  if (name == "priority") return read_number(value, name, patch.priority);
  if (name == "tags") return read_tags(value, patch);
  if (name == "meta") return read_meta(value, patch);
  const std::string_view shown = json::quotable(name);
  return json::invalid(fmt::format("\"{}\" cannot be patched: weight, priority, tags and meta can; everything else "
                                   "changes when the instance registers again",
                                   shown),
                       shown);
}

Result<Patch> read_patch(const Call& call, registry::InstanceKey key) {
  const auto body = json::parse_object(call.request.body, k_expected);
  if (!body) return std::unexpected(body.error());
  Patch patch{.key = std::move(key)};
  for (const auto& [name, value] : *body) {
    if (const auto read = read_field(view(name), value, patch); !read) return std::unexpected(read.error());
  }
  return patch;
}

Response show(const registry::InstanceKey& key, const registry::Registry& registry,
              const registry::ZoneDirectory& zones, LeaseTime now) {
  const rcu::ReadLock lock;
  const registry::Instance* instance = registry.find_instance(key.ref());
  if (instance == nullptr || !instance->is_there(now)) {
    return problem(Error{Errc::unknown_instance,
                         fmt::format("the instance \"{}\" was changed, and has left the roll since", key.id)});
  }
  json::Writer json(512);
  describe_instance(json, *instance, zones.name_of(key.service.zone), now);
  Response response;
  response.body = json.take();
  response.headers.emplace_back("X-Rollcall-Index", std::to_string(instance->index));
  return response;
}

}  // namespace

Routed patch_instance(const Call& call) {
  if (!is_taken(call.request.header("Content-Type"))) {
    Refusal refusal = refusal_of(
        Fault::unsupported_media,
        fmt::format("a patch is sent as {0}: set the header \"Content-Type: {0}\" (or application/json)", k_taken));
    refusal.headers.emplace_back("Accept-Patch", std::string(k_taken).append(", application/json"));  // RFC 5789 §2.2
    return problem(std::move(refusal));
  }
  auto key = parse_instance_key(call);
  if (!key) return problem(key.error());
  Result<Patch> patch = read_patch(call, *key);
  if (!patch) return problem(patch.error());
  return wait_everywhere(
      call, Submission{std::move(*patch),
                       [key = std::move(*key), &registry = call.registry, &zones = call.zones](
                           const registry::Outcome& outcome, LeaseTime now) -> std::variant<Response, Wait> {
                         if (!outcome) return problem(outcome.error());
                         return show(key, registry, zones, now);
                       }});
}

}  // namespace rollcall::api::native
