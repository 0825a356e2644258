#include "api/consul/agent/check_fields.h"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <initializer_list>
#include <utility>

#include "base/limits.h"

namespace rollcall::api::consul {
namespace {

using rollcall::consul::CheckDefinition;
using std::chrono::milliseconds;

constexpr milliseconds k_ends_after_min{1000};

std::unexpected<Error> invalid_check(std::string_view why) {
  return failure(Errc::invalid, fmt::format("Invalid check: {}", why));
}

// The first failure of several reads.
Result<void> all(std::initializer_list<Result<void>> reads) {
  for (const Result<void>& read : reads) {
    if (!read) return read;
  }
  return {};
}

// What a check may ask for. One of them is its type.
struct Targets {
  std::string http, tcp, udp, grpc, h2ping, alias_service, alias_node, script, docker, os_service;
  std::vector<std::string> args;
};

Result<void> read_targets(const Fields& fields, Targets& targets) {
  return all({fields.read("HTTP", targets.http), fields.read("TCP", targets.tcp), fields.read("UDP", targets.udp),
              fields.read("GRPC", targets.grpc), fields.read("H2PING", targets.h2ping),
              fields.read("AliasService", targets.alias_service), fields.read("AliasNode", targets.alias_node),
              fields.read("Script", targets.script), fields.read("Args", targets.args),
              fields.read("ScriptArgs", targets.args), fields.read("DockerContainerID", targets.docker),
              fields.read("OSService", targets.os_service)});
}

// Whether the connection of a check is under TLS: each type has a key of its own for that.
Result<void> read_tls(const Fields& fields, CheckDefinition& check) {
  if (check.type == "grpc") return fields.read("GRPCUseTLS", check.uses_tls);
  if (check.type == "tcp") return fields.read("TCPUseTLS", check.uses_tls);
  if (check.type != "h2ping") return {};
  check.uses_tls = true;
  return fields.read("H2PingUseTLS", check.uses_tls);
}

Result<void> settle_type(const Targets& targets, CheckDefinition& check) {
  if (!targets.script.empty() || !targets.args.empty()) {
    return invalid_check(
        "scripts are not run here, because this server is no agent on the service's host; use TTL, HTTP or TCP");
  }
  if (!targets.docker.empty()) return invalid_check("commands in containers are not run here; use TTL, HTTP or TCP");
  if (!targets.os_service.empty()) {
    return invalid_check("services of the operating system are not looked at here; use TTL, HTTP or TCP");
  }
  const std::pair<const char*, const std::string*> types[] = {
      {"http", &targets.http}, {"tcp", &targets.tcp},       {"udp", &targets.udp},
      {"grpc", &targets.grpc}, {"h2ping", &targets.h2ping}, {"alias", &targets.alias_service}};
  for (const auto& [type, target] : types) {
    if (target->empty()) continue;
    check.type = type;
    check.target = *target;
    break;
  }
  if (check.type.empty() && !targets.alias_node.empty()) check.type = "alias";
  if (check.type == "alias") check.alias_node = targets.alias_node;
  return {};
}

Result<void> check_timing(const CheckDefinition& check) {
  const bool is_alias = check.type == "alias";
  const bool is_run = !check.type.empty() && !is_alias;
  if (check.interval > milliseconds::zero() && check.ttl > milliseconds::zero()) {
    return invalid_check("Interval and TTL cannot both be specified");
  }
  if (is_run && check.interval <= milliseconds::zero()) {
    return invalid_check("Interval must be > 0 for Script, HTTP, H2PING, TCP, UDP or OSService checks");
  }
  if (is_alias && check.interval > milliseconds::zero()) {
    return invalid_check("Interval cannot be set for Alias checks");
  }
  if (is_alias && check.ttl > milliseconds::zero()) return invalid_check("TTL must be not be set for Alias checks");
  if (check.type.empty() && check.ttl <= milliseconds::zero()) return invalid_check("TTL must be > 0 for TTL checks");
  return {};
}

Result<void> read_streaks(const Fields& fields, CheckDefinition& check) {
  const auto read = [&](std::string_view name, std::uint16_t& into) -> Result<void> {
    std::optional<std::int64_t> number;
    if (const auto done = fields.read(name, number); !done) return done;
    if (!number) return {};
    if (*number < 0 || *number > UINT16_MAX) return invalid_check(fmt::format("{} must be from 0 to 65535", name));
    into = static_cast<std::uint16_t>(*number);
    return {};
  };
  Result<void> done = all({read("SuccessBeforePassing", check.success_before_passing),
                           read("FailuresBeforeWarning", check.failures_before_warning),
                           read("FailuresBeforeCritical", check.failures_before_critical)});
  if (!done) return done;
  if (check.failures_before_warning == 0) check.failures_before_warning = check.failures_before_critical;
  if (check.failures_before_critical < check.failures_before_warning) {
    return invalid_check("FailuresBeforeCritical can't be lower than FailuresBeforeWarning");
  }
  return {};
}

Result<void> read_status(const Fields& fields, health::CheckStatus& status) {
  std::string text;
  if (const auto done = fields.read("Status", text); !done) return done;
  if (text.empty()) return {};
  const auto parsed = health::parse_check_status(text);
  if (!parsed) return failure(Errc::invalid, "Status for checks must 'passing', 'warning', 'critical'");
  status = *parsed;
  return {};
}

}  // namespace

health::CheckResult AskedCheck::result() const {
  const health::CheckKind kind = is_ttl() ? health::CheckKind::ttl : health::CheckKind::run;
  return {.id = definition.id, .name = name, .kind = kind, .status = status, .ends_after = ends_after};
}

Result<bool> is_empty_check(const boost::json::object& object) {
  const Fields fields(object);
  Targets targets;
  if (const auto done = read_targets(fields, targets); !done) return std::unexpected(done.error());
  milliseconds ttl{};
  milliseconds interval{};
  std::string id;
  std::string name;
  if (const auto done = all({fields.read("TTL", ttl), fields.read("Interval", interval), fields.read("CheckID", id),
                             fields.read("Name", name)});
      !done) {
    return std::unexpected(done.error());
  }
  const bool has_target = !targets.http.empty() || !targets.tcp.empty() || !targets.udp.empty() ||
                          !targets.grpc.empty() || !targets.h2ping.empty() || !targets.alias_service.empty() ||
                          !targets.alias_node.empty() || !targets.script.empty() || !targets.docker.empty() ||
                          !targets.os_service.empty() || !targets.args.empty();
  return !has_target && ttl == milliseconds::zero() && interval == milliseconds::zero() && id.empty() && name.empty();
}

Result<AskedCheck> read_check(const boost::json::object& object) {
  const Fields fields(object);
  AskedCheck asked;
  CheckDefinition& check = asked.definition;
  Targets targets;
  std::string check_id;
  Result<void> done =
      all({fields.read("ID", check.id), fields.read("CheckID", check_id), fields.read("Name", asked.name),
           fields.read("ServiceID", asked.service_id), fields.read("Notes", check.notes), fields.read("TTL", check.ttl),
           fields.read("Interval", check.interval), fields.read("Timeout", check.timeout),
           fields.read("Method", check.method), fields.read("Body", check.body), fields.read("Header", check.header),
           fields.read("TLSSkipVerify", check.skips_tls_verify), fields.read("TLSServerName", check.tls_server_name),
           fields.read("DeregisterCriticalServiceAfter", asked.ends_after), read_status(fields, asked.status),
           read_targets(fields, targets)});
  if (done) done = settle_type(targets, check);
  if (done) done = read_tls(fields, check);
  if (done) done = check_timing(check);
  if (done) done = read_streaks(fields, check);
  if (!done) return std::unexpected(done.error());
  if (!check_id.empty()) check.id = std::move(check_id);
  if (check.type.empty()) check.type = "ttl";
  if (check.type == "alias" && fields.find("Status") == nullptr) asked.status = health::CheckStatus::passing;
  if (check.id.size() > limits::k_door_id_bytes_max || asked.name.size() > limits::k_door_id_bytes_max) {
    return invalid_check(fmt::format("its id and its name have at most {} octets", limits::k_door_id_bytes_max));
  }
  if (asked.ends_after < milliseconds::zero()) asked.ends_after = milliseconds::zero();
  if (asked.ends_after > milliseconds::zero()) asked.ends_after = std::max(asked.ends_after, k_ends_after_min);
  return asked;
}

}  // namespace rollcall::api::consul
