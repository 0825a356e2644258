// `rollcall run`: runs a command, and keeps it registered while its health check passes. The command needs no changes.
#include <charconv>
#include <cstdlib>
#include <fmt/format.h>
#include <memory>

#include "tools/rollcall/command.h"
#include "tools/rollcall/exit_code.h"
#include "tools/rollcall/instance_flags.h"
#include "tools/rollcall/probe.h"
#include "tools/rollcall/registrations.h"
#include "tools/rollcall/session.h"
#include "tools/rollcall/socket.h"
#include "tools/rollcall/supervisor.h"

namespace rollcall::cli {
namespace {

using std::chrono::milliseconds;

struct Flags {
  std::string service;
  std::string port;
  std::string probe;
  milliseconds probe_timeout{1'000};
  milliseconds drain{10'000};
  milliseconds kill_after{10'000};
  bool is_quiet = false;
  InstanceFlags instance;
  std::vector<std::string> command;
};

constexpr std::string_view k_loopback = "127.0.0.1";

Result<std::uint16_t> port_of(const std::string& text) {
  if (text == "auto") {
    if (const auto port = find_free_port()) return *port;
    return failure(Errc::start_up, "--port auto: this machine has no free port");
  }
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) {
    return failure(Errc::start_up, fmt::format("--port must be 1 to 65535 or auto, not {}", text));
  }
  return port;
}

struct Plan {
  std::uint16_t port;
  std::vector<client::RegistrarSettings> registrars;
};

Result<Plan> plan(const Session& session, const Flags& flags, const client::WakeUp& news) {
  const Result<std::uint16_t> port = port_of(flags.port);
  if (!port) return std::unexpected(port.error());
  auto settings = registrar_settings(session.globals(), flags.instance, flags.service, *port, news);
  if (!settings) return std::unexpected(settings.error());
  const bool is_udp = flags.instance.protocol == "udp";
  const std::string probe = flags.probe.empty() ? (is_udp ? "none" : "tcp") : flags.probe;
  const std::string address =
      flags.instance.addresses.empty() ? std::string(k_loopback) : flags.instance.addresses.front();
  for (client::RegistrarSettings& each : *settings) {  // a probe of its own for each thread
    auto asked = make_probe(probe, address, *port, flags.probe_timeout);
    if (!asked) return std::unexpected(asked.error());
    each.probe = std::move(*asked);
  }
  return Plan{*port, std::move(*settings)};
}

int refuse(const Session& session, std::string_view sentence, int code) {
  session.remark(sentence);
  return code;
}

Result<int> run(Session& session, const Flags& flags) {
  const client::WakeUp news;
  Result<Plan> planned = plan(session, flags, news);
  if (!planned && planned.error().code == Errc::start_up) return std::unexpected(planned.error());
  if (!planned) return refuse(session, planned.error().message, k_run_failed);
  auto clients = open_clients(session.globals());
  if (!clients) return refuse(session, clients.error().message, k_run_failed);

  const Signals signals({SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH});
  const Notify notify;
  ::setenv("PORT", std::to_string(planned->port).c_str(), 1);
  Child child;
  if (const auto refusal = child.start(flags.command, signals.original_mask())) {
    return refuse(session, refusal->message, refusal->exit_code);
  }
  Registrations registrations(std::move(planned->registrars), std::move(*clients));
  SupervisorSettings settings;
  settings.service = flags.service;
  settings.drain = flags.drain;
  settings.kill_after = flags.kill_after;
  settings.leave = session.globals().timeout;
  settings.is_quiet = flags.is_quiet;
  return Supervisor(settings, signals, notify, child, registrations, news).run();
}

Action declare(Options& options) {
  auto flags = std::make_shared<Flags>();
  options.value("--service", "NAME", flags->service, "the service that the command is an instance of").required();
  options.value("--port", "PORT", flags->port, "where it listens; auto: a free one, told to it as PORT").required();
  declare_checks(options, flags->instance, HasOwnProbe::yes);
  options.value("--probe", "PROBE", flags->probe,
                "how to see that it answers: tcp, http:/path (200 to 399), or none (default tcp; of udp, none)");
  options.value("--probe-timeout", "TIME", flags->probe_timeout, "the longest wait for the probe (default 1s)");
  options.value("--drain", "TIME", flags->drain, "the longest wait until no cache has it (default 10s)");
  options.value("--kill-after", "TIME", flags->kill_after, "from the signal to SIGKILL (default 10s)");
  options.flag("--quiet", flags->is_quiet, "no remarks on stderr");
  declare_instance(options, flags->instance);
  options.argument("COMMAND", flags->command, "what to run, with its arguments, behind --").required();
  return [flags](Session& session) { return run(session, *flags); };
}

}  // namespace

extern const Command k_run{
    .name = "run",
    .synopsis = "--service NAME --port PORT [OPTION…] -- COMMAND [ARGUMENT…]",
    .summary = "run any program, and keep it on the roll while it answers",
    .description =
        "Starts COMMAND, waits until its port answers, registers it, and sends heartbeats for as long as the probe "
        "agrees. "
        "When the probe disagrees the heartbeats stop, and the instance is off the roll when its lease has ended; when "
        "it "
        "agrees again the instance is back.\n\n"
        "On SIGTERM or SIGINT the instance leaves the answers first. When no cache can have it any more, or after "
        "--drain, "
        "the signal is passed on; when COMMAND has not ended after --kill-after, its process group is killed. A second "
        "signal is passed on at once. Then the instance is deregistered. SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 and "
        "SIGWINCH are "
        "passed on as they come.\n\n"
        "A registry that is away does not keep COMMAND from running: it is asked again until it answers.\n\n"
        "Under systemd, with Type=notify, the unit is ready when the probe agrees for the first time.\n\n"
        "COMMAND runs in a process group of its own, with PORT in its environment; where stdin is a terminal it has "
        "/dev/null instead. As PID 1 of a container, run also reaps the orphans that others leave.\n\n"
        "The exit code is COMMAND's own, or 128 and the number of the signal that ended it; 127 where there is no such "
        "COMMAND, 126 where it cannot be executed, 125 where run itself failed, 2 where its options are wrong.",
    .examples = {{"rollcall run --service web --port 8080 -- ./server --listen :8080", "an HTTP server"},
                 {"rollcall run --service web --port auto --probe http:/healthz -- ./server",
                  "on any free port, which the server reads from PORT, and only while /healthz agrees"},
                 {"rollcall run --service cache --port 6379 --address 192.0.2.7 --drain 3s -- redis-server",
                  "with an address of its own choice"}},
    .asks = Asks::http_late,
    .trial = {"--service", "web", "--port", "9", "--", "sleep", "1"},
    .declare = declare,
};

}  // namespace rollcall::cli
