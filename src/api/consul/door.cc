#include "api/consul/door.h"

#include <optional>
#include <string>
#include <utility>

#include "api/consul/responses.h"
#include "api/consul/routes.h"
#include "base/base64.h"

namespace rollcall::api::consul {
namespace {

// Only what the native API does not have: a path of a route below is this door's in any case.
constexpr std::string_view k_claims[] = {"/v1/agent/",    "/v1/catalog/",
                                         "/v1/health/",   "/v1/kv/",
                                         "/v1/session/",  "/v1/query",
                                         "/v1/txn",       "/v1/status/",
                                         "/v1/event/",    "/v1/coordinate/",
                                         "/v1/connect/",  "/v1/acl/",
                                         "/v1/config",    "/v1/discovery-chain/",
                                         "/v1/operator/", "/v1/snapshot",
                                         "/v1/internal/", "/v1/peering",
                                         "/v1/namespace", "/v1/exported-services",
                                         "/v1/partition", "/v1/imported-services"};

constexpr std::string_view k_basic = "Basic ";

Result<std::string_view> read_whole(std::string_view sent) { return sent; }

// The password alone counts; clients put anything before the colon.
Result<std::string_view> read_password(std::string_view authorization) {
  thread_local std::string decoded;  // until the next look, on this thread
  std::optional<std::string> both = decode_base64(trim(authorization.substr(k_basic.size())));
  const std::size_t colon = both ? both->find(':') : std::string::npos;
  if (colon == std::string::npos) return failure(Errc::unauthenticated, "the Authorization header has no password");
  decoded = both->substr(colon + 1);
  return std::string_view(decoded);
}

}  // namespace

std::span<const Route> ConsulDoor::routes() const { return all_routes(); }

const Manners& ConsulDoor::manners() const {
  static const Manners manners{
      .claims = k_claims, .parameters = ParameterManner::tolerant, .ignores_final_slash = true, .compresses = true};
  return manners;
}

Response ConsulDoor::refuse(Refusal refusal, const Request&) const { return refused(std::move(refusal)); }

Credentials ConsulDoor::credentials_of(const Request& request, const Query& query) const {
  if (const std::string* token = query.find("token"); token != nullptr && !token->empty()) return {*token, &read_whole};
  if (const std::string_view token = request.header("X-Consul-Token"); !token.empty()) return {token, &read_whole};
  if (request.authorization.starts_with(k_basic)) return {request.authorization, &read_password};
  return {request.authorization, &read_bearer};
}

}  // namespace rollcall::api::consul
