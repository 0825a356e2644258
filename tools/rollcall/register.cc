// `rollcall register`: registers an instance until it is stopped; then drains and deregisters it.
#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <fmt/format.h>
#include <memory>
#include <poll.h>

#include "client/wake_up.h"
#include "tools/rollcall/command.h"
#include "tools/rollcall/exit_code.h"
#include "tools/rollcall/instance_flags.h"
#include "tools/rollcall/registrations.h"
#include "tools/rollcall/session.h"
#include "tools/rollcall/signals.h"

namespace rollcall::cli {
namespace {

using client::WakeUp;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct Flags {
  std::string service;
  std::uint64_t port = 0;
  milliseconds drain{10'000};
  bool is_patient = false;
  bool is_quiet = false;
  InstanceFlags instance;
};

// Waits for signals and for changes of the registrar. Returns true if a signal to stop arrived.
bool is_told_to_stop(const Signals& signals, const WakeUp& news, int timeout_ms) {
  std::array<pollfd, 2> watched{{{signals.fd(), POLLIN, 0}, news.polled()}};
  ::poll(watched.data(), watched.size(), timeout_ms);
  news.clear();
  return signals.take().has_value();
}

class Stay {
 public:
  Stay(const Session& session, const Flags& flags, const Signals& signals, Registrations& registrar, const WakeUp& news)
      : session_(session), flags_(flags), signals_(signals), registrar_(registrar), news_(news) {}

  Result<int> run() {
    while (!is_told_to_stop(signals_, news_, -1)) {
      const Registrations::State state = registrar_.state();
      // Before the first acknowledgement an error ends the command, unless it is worth a retry. Later errors are
      // retried.
      if (state.failure && !state.has_registered && !is_worth_waiting(*state.failure))
        return std::unexpected(*state.failure);
      remark(state);
    }
    return leave();
  }

 private:
  [[nodiscard]] bool is_worth_waiting(const Error& error) const {
    return flags_.is_patient && exit_code(error.code) == k_unreachable;
  }

  void remark(const Registrations::State& state) {
    if (state.is_in_touch && !seen_.is_in_touch) tell(state);
    if (state.is_in_touch && !seen_.has_registered && !flags_.is_quiet) warn_of_loopback(session_, flags_.instance);
    if (state.failure && (!seen_.failure || seen_.failure->message != state.failure->message) && !flags_.is_quiet) {
      session_.remark(fmt::format("trying again: {}", state.failure->message));
    }
    seen_ = state;
  }

  void tell(const Registrations::State& state) const {
    if (session_.wants_json()) {
      session_.print_json(boost::json::object{{"id", state.id}, {"name", printable(state.name)}});
    } else if (!flags_.is_quiet) {
      session_.print(fmt::format("on the roll as {}, {}\n", state.id, printable(state.name)));
    }
  }

  Result<int> leave() {
    if (!flags_.is_quiet) session_.remark("leaving the answers");
    registrar_.drain(steady_clock::now() + flags_.drain);
    wait_for(&Registrations::State::is_drained, flags_.drain + session_.globals().timeout);
    registrar_.leave();
    wait_for(&Registrations::State::is_gone, session_.globals().timeout);
    const Registrations::State state = registrar_.state();
    if (!state.has_registered || (state.is_gone && !state.failure)) return k_done;
    const std::string why = state.failure ? state.failure->message : "no answer in time";
    return failure(Errc::unreachable, fmt::format("{} could not be taken off the roll: {}", state.id, why));
  }

  // A second signal ends the wait.
  void wait_for(bool Registrations::State::* reached, milliseconds longest) const {
    const auto deadline = steady_clock::now() + longest;
    while (!(registrar_.state().*reached)) {
      const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
      const auto wait = std::min<milliseconds>(left, std::chrono::hours(1));  // poll() takes an int of milliseconds
      if (left <= milliseconds(0) || is_told_to_stop(signals_, news_, static_cast<int>(wait.count()))) return;
    }
  }

  const Session& session_;
  const Flags& flags_;
  const Signals& signals_;
  Registrations& registrar_;
  const WakeUp& news_;
  Registrations::State seen_;
};

Result<int> register_instance(Session& session, const Flags& flags) {
  const WakeUp news;
  auto settings = registrar_settings(session.globals(), flags.instance, flags.service, flags.port, news);
  if (!settings) return std::unexpected(settings.error());
  auto clients = open_clients(session.globals());
  if (!clients) return std::unexpected(clients.error());
  const Signals signals({SIGTERM, SIGINT, SIGHUP});
  Registrations registrations(std::move(*settings), std::move(*clients));
  return Stay(session, flags, signals, registrations, news).run();
}

Action declare(Options& options) {
  constexpr std::uint64_t k_port_max = 65'535;
  auto flags = std::make_shared<Flags>();
  options.argument("SERVICE", flags->service, "what it is an instance of").required().offers(Offer::services);
  options.number("--port", "PORT", flags->port, 1, k_port_max, "where it listens").required();
  declare_instance(options, flags->instance);
  declare_checks(options, flags->instance, HasOwnProbe::no);
  options.value("--drain", "TIME", flags->drain, "at the end, the longest wait until no cache has it (default 10s)");
  options.flag("--retry", flags->is_patient, "go on trying when the registry is away at the start");
  options.flag("--quiet", flags->is_quiet, "no remarks");
  return [flags](Session& session) { return register_instance(session, *flags); };
}

}  // namespace

extern const Command k_register{
    .name = "register",
    .synopsis = "SERVICE --port PORT [OPTION…]",
    .summary = "be on the roll until stopped",
    .description =
        "Registers an instance and sends heartbeats until SIGINT (Ctrl-C), SIGTERM or SIGHUP. Then the instance leaves "
        "the "
        "answers, waits until no cache can have it any more, and is deregistered; a second signal ends that wait.\n\n"
        "A registry that goes away later is asked again, and an instance that it has forgotten is registered anew. At "
        "the "
        "start it is an error, unless --retry is given.\n\n"
        "With several --http, which are registries of their own, the instance is on the roll of each; addresses with "
        "commas "
        "are nodes of one registry, of which the one that answers is told. For a program to be started and watched, "
        "see rollcall run; "
        "for a "
        "single call, rollcall heartbeat.",
    .examples = {{"rollcall register web --port 8080", "this machine's port 8080, until Ctrl-C"},
                 {"rollcall register web --port 8080 --id web-1 --tag blue --meta version=1.2 --ttl 30s",
                  "with an id, a tag, a text and a longer lease"},
                 {"rollcall register db --port 5432 --address 192.0.2.5 --address 2001:db8::5",
                  "another machine, with two addresses"}},
    .asks = Asks::http,
    .trial = {"web", "--port", "8080"},
    .declare = declare,
};

}  // namespace rollcall::cli
