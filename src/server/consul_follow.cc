#include "server/consul_follow.h"

#include <fmt/format.h>
#include <utility>

#include "ops/engine_settings.h"

namespace rollcall::server {

Result<std::unique_ptr<net::ConsulFollower>> make_follower(const ops::ConsulSettings& settings,
                                                           const FollowParts& parts) {
  if (settings.follow.empty()) return nullptr;
  const Result<api::consul::SourceUrl> url = api::consul::parse_source_url(settings.follow);
  if (!url) return failure(Errc::start_up, fmt::format("consul.follow: {}", url.error().message));
  std::string token;
  if (!settings.follow_token_file.empty()) {
    Result<std::string> read = ops::read_secret(settings.follow_token_file, "consul.follow_token_file");
    if (!read) return std::unexpected(read.error());
    token = std::move(*read);
  }
  auto following = std::make_unique<api::consul::Following>(parts.door, parts.registry, parts.zones, parts.waiters,
                                                            url->authority());
  return std::make_unique<net::ConsulFollower>(std::move(following), parts.writer, parts.clock, *url, std::move(token));
}

void write_follow_status(json::Writer& json, const net::FollowStatus& status) {
  json.open_object();
  json.member("source", status.source);
  json.member("in_step", status.is_in_step);
  json.member("services", status.services).member("instances", status.instances);
  json.member("changes", status.changes).member("failures", status.failures);
  json.member("why_not", status.why_not);
  json.name("left_out").open_array();
  for (const std::string& sentence : status.left_out) json.value(sentence);
  json.close_array();
  json.close_object();
}

}  // namespace rollcall::server
