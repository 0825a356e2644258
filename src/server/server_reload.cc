// What SIGHUP does: settings, zones and certificates are read again.
#include <algorithm>
#include <utility>
#include <variant>

#include "answer/transfer/file_serials.h"
#include "base/log.h"
#include "base/rcu.h"
#include "ops/private_files.h"
#include "ops/ready.h"
#include "ops/refused_log.h"
#include "ops/zone_loader.h"
#include "registry/instance/wall_time.h"
#include "server/net_settings.h"
#include "server/server.h"

namespace rollcall::server {

// SIGHUP: reads and validates the settings and zone files first, and replaces them only if all are valid. Certificates
// are reloaded independently, even if the zones are invalid, because they are renewed on their own schedule.
void Server::reload() {
  manager_.reloading();
  const Result<void> done = read_again();
  reloads_.note(done.has_value());
  if (!done) log::error("nothing is reloaded: {}", done.error().message);
  manager_.ready(done ? ops::state_sentence(registry_->counts()) : "nothing was reloaded: " + done.error().message);
}

Result<void> Server::read_again() {
  Result<ops::Command> command = ops::parse_command_line(arguments_);
  if (!command || !std::holds_alternative<ops::Serve>(*command)) {
    return command ? failure(Errc::start_up, "the command line asks for no server") : std::unexpected(command.error());
  }
  ops::Settings wanted = std::move(std::get<ops::Serve>(*command).settings);
  ops::warn_of_exposed_files(wanted);
  const std::vector<std::string> postponed = ops::settings_that_need_a_restart(settings_, wanted);
  for (const std::string& key : postponed) log::warn("{} has changed: it takes effect at the next start", key);

  for (const std::string& sentence : net_->reload_certificates(certificates_of(wanted))) {
    log::error("the old certificate stays: {}", sentence);
  }

  const bool same_zones =
      std::ranges::equal(wanted.zones, settings_.zones, {}, &ops::ZoneSettings::name, &ops::ZoneSettings::name);
  if (!same_zones) wanted.zones = settings_.zones;
  Result<std::vector<answer::Zone>> zones = ops::load_zones(wanted);
  if (!zones) return std::unexpected(zones.error());
  if (cluster_) {
    const rcu::ReadLock lock;
    if (const Result<void> checked = answer::check_file_serials(zones_.table(), *zones); !checked) return checked;
  }
  zones_.replace(std::move(*zones));
  policies_.replace(wanted.zones, wanted.service_rules);
  report_.set_lease_bounds(wanted.lease);
  access_.replace(ops::access_rules_of(wanted));
  hosts_.replace(hosts_of(wanted));
  log::set_up(wanted.log_level, wanted.log_format);
  settings_.zones = std::move(wanted.zones);
  settings_.service_rules = std::move(wanted.service_rules);
  settings_.lease = wanted.lease;
  writer_->run_soon([this] {  // remove instances whose names the new zone files use; retry ignored rows
    ops::log_set_aside(registry_->set_aside_refused(clock_.now(), registry::wall_now()), zones_);
    edits_->look_again();
  });
  if (cluster_) cluster_->settings_changed(settings_);
  show_again_->begin([this] { transfers_.zones_replaced(); });  // rebuild the prebuilt answers with the new policy
  log::info("zones and settings are reloaded");
  return {};
}

}  // namespace rollcall::server
