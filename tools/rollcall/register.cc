// `rollcall register`: on the roll until stopped, then out of the answers, then off the roll.
#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <fmt/format.h>
#include <memory>
#include <poll.h>

#include "tools/rollcall/command.h"
#include "tools/rollcall/enrolment.h"
#include "tools/rollcall/exit_code.h"
#include "tools/rollcall/instance_flags.h"
#include "tools/rollcall/session.h"
#include "tools/rollcall/signals.h"

namespace rollcall::cli {
namespace {

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

// Waits for signals and for news; whether a signal to stop was among them.
bool is_told_to_stop(const Signals& signals, const Enrolment& enrolment, int timeout_ms) {
  std::array<pollfd, 2> watched{{{signals.fd(), POLLIN, 0}, {enrolment.changed_fd(), POLLIN, 0}}};
  ::poll(watched.data(), watched.size(), timeout_ms);
  enrolment.clear_changed();
  return signals.take().has_value();
}

class Stay {
 public:
  Stay(const Session& session, const Flags& flags, const Signals& signals, Enrolment& enrolment)
      : session_(session), flags_(flags), signals_(signals), enrolment_(enrolment) {}

  Result<int> run() {
    while (!is_told_to_stop(signals_, enrolment_, -1)) {
      const Enrolment::At at = enrolment_.at();
      // Before the first acknowledgement a mistake is the caller's to mend; later it is the registry's.
      if (at.failure && !at.has_registered && !is_worth_waiting(*at.failure)) return std::unexpected(*at.failure);
      remark(at);
    }
    return leave();
  }

 private:
  [[nodiscard]] bool is_worth_waiting(const Error& error) const {
    return flags_.is_patient && exit_code(error.code) == k_unreachable;
  }

  void remark(const Enrolment::At& at) {
    if (at.is_in_touch && !seen_.is_in_touch) tell(at);
    if (at.failure && (!seen_.failure || seen_.failure->message != at.failure->message) && !flags_.is_quiet) {
      session_.remark(fmt::format("trying again: {}", at.failure->message));
    }
    seen_ = at;
  }

  void tell(const Enrolment::At& at) const {
    if (session_.wants_json()) {
      session_.print_json(boost::json::object{{"id", at.id}, {"name", at.name}});
    } else if (!flags_.is_quiet) {
      session_.print(fmt::format("on the roll as {}, {}\n", at.id, at.name));
    }
  }

  Result<int> leave() {
    if (!flags_.is_quiet) session_.remark("leaving the answers");
    enrolment_.want(Enrolment::Wanted::drained);
    wait_for(&Enrolment::At::is_drained, flags_.drain + session_.globals().timeout);
    enrolment_.want(Enrolment::Wanted::gone);
    wait_for(&Enrolment::At::is_gone, session_.globals().timeout);
    const Enrolment::At at = enrolment_.at();
    if (!at.has_registered || (at.is_gone && !at.failure)) return k_done;
    const std::string why = at.failure ? at.failure->message : "no answer in time";
    return failure(Errc::unreachable, fmt::format("{} could not be taken off the roll: {}", at.id, why));
  }

  // A second signal ends the wait.
  void wait_for(bool Enrolment::At::* reached, milliseconds longest) const {
    const auto deadline = steady_clock::now() + longest;
    while (!(enrolment_.at().*reached)) {
      const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
      const auto wait = std::min<milliseconds>(left, std::chrono::hours(1));  // as far as poll() can count
      if (left <= milliseconds(0) || is_told_to_stop(signals_, enrolment_, static_cast<int>(wait.count()))) return;
    }
  }

  const Session& session_;
  const Flags& flags_;
  const Signals& signals_;
  Enrolment& enrolment_;
  Enrolment::At seen_;
};

Result<int> register_instance(Session& session, const Flags& flags) {
  EnrolmentSettings settings;
  auto http = http_settings(session.globals());
  if (!http) return std::unexpected(http.error());
  settings.http = std::move(*http);
  auto registration = registration_of(flags.instance, flags.service, flags.port, session.globals().zone);
  if (!registration) return std::unexpected(registration.error());
  settings.registration = std::move(*registration);
  if (flags.instance.ttl) settings.lease = *flags.instance.ttl;
  settings.drain_max = flags.drain;
  auto client = client::HttpClient::open(settings.http);
  if (!client) return std::unexpected(client.error());
  const Signals signals({SIGTERM, SIGINT, SIGHUP});
  Enrolment enrolment(std::move(settings), std::move(*client));
  return Stay(session, flags, signals, enrolment).run();
}

Action declare(Options& options) {
  constexpr std::uint64_t k_port_max = 65'535;
  auto flags = std::make_shared<Flags>();
  options.argument("SERVICE", flags->service, "what it is an instance of").required().offers(Offer::services);
  options.number("--port", "PORT", flags->port, 1, k_port_max, "where it listens").required();
  declare_instance(options, flags->instance);
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
        "With several --http the one that answers is told. For a program to be started and watched, see rollcall run; "
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
