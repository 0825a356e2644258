// The main program: reads the command line, and runs the server or what else was asked for.
//
// Source   interface.md §1.
#include <cstdio>
#include <exception>
#include <string>
#include <sys/stat.h>
#include <vector>

#include "base/log.h"
#include "base/rcu.h"
#include "net/sockets/socket.h"
#include "net/supervisor/given_sockets.h"
#include "net/supervisor/notify_socket.h"
#include "ops/private_files.h"
#include "ops/settings.h"
#include "ops/signals.h"
#include "ops/system_limits.h"
#include "ops/zone_loader.h"
#include "server/net_settings.h"
#include "server/server.h"
#include "store/copy.h"

namespace rollcall {
namespace {

constexpr int k_misused = 2;  // the command line is wrong; 1: the server cannot start

int start(const std::vector<std::string>& arguments) {
  const auto refuse = [](const Error& error) {
    std::fprintf(stderr, "rollcalld: %s\n", log::one_line(error.message).c_str());
    return 1;
  };
  Result<ops::Command> command = ops::parse_command_line(arguments);
  if (!command && ops::is_misuse(command.error())) return refuse(command.error()), k_misused;
  if (command && std::holds_alternative<ops::HashToken>(*command)) command = ops::hash_typed_token(stdin);
  if (!command) return refuse(command.error());
  if (const auto* print = std::get_if<ops::Print>(&*command)) {
    std::fputs(print->text.c_str(), stdout);
    return 0;
  }
  if (const auto* copy = std::get_if<ops::Copy>(&*command)) {
    const Result<store::Copied> copied =
        copy->is_restore ? store::restore_from(copy->file, copy->database) : store::back_up(copy->database, copy->file);
    if (!copied) return refuse(copied.error());
    std::printf("%s: %s\n", copy->is_restore ? "restored" : "backed up", store::to_text(*copied).c_str());
    return 0;
  }
  auto& [settings, check_only, takes_over] = std::get<ops::Serve>(*command);
  log::set_up(settings.log_level, settings.log_format);
  ops::warn_of_exposed_files(settings);
  const ops::Signals signals;
  const rcu::Thread reader;
  Result<std::vector<answer::Zone>> zones = ops::load_zones(settings);
  if (!zones) return refuse(zones.error());
  if (const Result<void> checked = server::check_certificates(settings); !checked) return refuse(checked.error());
  if (check_only) {
    std::puts("settings and zones are good");
    return 0;
  }
  Result<std::unique_ptr<server::Takeover>> takeover = nullptr;
  if (takes_over) takeover = server::Takeover::begin(settings);
  if (!takeover) return refuse(takeover.error());
  std::vector<net::NamedSocket> given = net::sockets_of_environment();
  ops::start_reclaiming();
  ops::warn_of_open_files(settings, net::raise_open_files_limit());
  {
    server::Server server(arguments, std::move(settings), std::move(*zones), net::NotifySocket::from_environment(),
                          std::move(*takeover));
    if (const Result<void> opened = server.open_store(); !opened) return refuse(opened.error());
    if (const Result<void> bound = server.bind(std::move(given)); !bound) return refuse(bound.error());
    if (const Result<void> ran = server.run(signals); !ran) return refuse(ran.error());
  }
  rcu::drain();
  return 0;
}

}  // namespace
}  // namespace rollcall

int main(int argc, char** argv) {
  ::umask(S_IRWXG | S_IRWXO);  // the database, its log and its copies are for this user alone
  try {
    return rollcall::start({argv + 1, argv + argc});
  } catch (const std::exception& failed) {
    std::fprintf(stderr, "rollcalld: %s\n", rollcall::log::one_line(rollcall::ops::sentence_of(failed)).c_str());
    return 1;
  }
}
