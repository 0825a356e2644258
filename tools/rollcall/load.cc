// `rollcall load`: load test. Registers many instances, sends heartbeats at a chosen rate, prints the latencies, and
// deregisters all instances.
#include <algorithm>
#include <boost/json.hpp>
#include <csignal>
#include <fmt/format.h>
#include <memory>
#include <random>

#include "base/duration.h"
#include "client/problem.h"
#include "tools/rollcall/campaign.h"
#include "tools/rollcall/command.h"
#include "tools/rollcall/exit_code.h"
#include "tools/rollcall/session.h"

namespace rollcall::cli {
namespace {

namespace json = boost::json;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::string_view k_deregistered = "deregistered";

struct Asked {
  std::uint64_t instances = 1'000;
  std::uint64_t services = 10;
  std::uint64_t rate = 0;
  std::uint64_t connections = 8;
  milliseconds duration{10'000};
  milliseconds ttl{30'000};
};

// The results of one kind of call.
class Tally {
 public:
  // `absent_is_fine`: 404 is a success for deregistration, because the lease may have expired before.
  explicit Tally(bool absent_is_fine) : absent_is_fine_(absent_is_fine) {}

  void note(const Result<client::HttpResponse>& response, microseconds took) {
    took_.push_back(took);
    if (response && (response->is_ok() || (absent_is_fine_ && response->status == 404))) return;
    ++failed_;
    if (first_failure_.empty())
      first_failure_ = response ? client::problem_of(*response).message : response.error().message;
  }

  [[nodiscard]] std::size_t calls() const { return took_.size(); }
  [[nodiscard]] std::size_t failed() const { return failed_; }
  [[nodiscard]] const std::string& first_failure() const { return first_failure_; }

  // In milliseconds.
  [[nodiscard]] double percentile(double share) {
    if (took_.empty()) return 0;
    std::ranges::sort(took_);
    const auto at = static_cast<std::size_t>(share * static_cast<double>(took_.size() - 1));
    return static_cast<double>(took_[at].count()) / 1'000;
  }

 private:
  bool absent_is_fine_;
  std::vector<microseconds> took_;
  std::size_t failed_ = 0;
  std::string first_failure_;
};

class Load {
 public:
  Load(Session& session, const Asked& asked, client::HttpSettings settings)
      : session_(session), asked_(asked), settings_(std::move(settings)) {}

  Result<int> run() {
    const Result<Ended> registered = go("registering", "registered", asked_.instances, 0, false, [this](std::size_t n) {
      client::HttpRequest request = of(n, "PUT", "");
      request.body = registration(n);
      return request;
    });
    if (!registered) return give_up(registered.error());
    if (!registered->is_interrupted) {
      const double rate = static_cast<double>(asked_.rate != 0 ? asked_.rate : natural_rate());
      const auto beats = static_cast<std::size_t>(rate * static_cast<double>(asked_.duration.count()) / 1'000);
      const Result<Ended> renewed = go("heartbeats", "renewed", beats, rate, true, [this](std::size_t n) {
        return of(n % asked_.instances, "POST", "/heartbeat");
      });
      if (!renewed) return give_up(renewed.error());
    }
    return clean_up();
  }

 private:
  // Each lease is renewed three times in its length.
  [[nodiscard]] std::uint64_t natural_rate() const {
    const auto ttl = static_cast<std::uint64_t>(asked_.ttl.count());
    return std::max<std::uint64_t>(1, asked_.instances * 3'000 / ttl);
  }

  [[nodiscard]] client::HttpRequest of(std::size_t number, const char* method, std::string_view word) const {
    client::HttpRequest request;
    request.method = method;
    const std::string service = fmt::format("{}-{}", prefix_, number % asked_.services);
    const std::string path = target_of("/v1/services", {service, "/instances", fmt::format("i-{}", number)});
    request.target = path + target_of(word, {}, {{"zone", session_.globals().zone}});
    return request;
  }

  // Documentation addresses (RFC 5737), which are not routed: no client can reach a real host by accident.
  [[nodiscard]] std::string registration(std::size_t number) const {
    return fmt::format(R"({{"address":"192.0.2.{}","port":{},"ttl":"{}"}})", 1 + number % 254, 1'024 + number % 60'000,
                       format_duration(asked_.ttl));
  }

  Result<Ended> go(const char* title, std::string_view result, std::size_t calls, double rate, bool outlives_failures,
                   std::function<client::HttpRequest(std::size_t)> make) {
    Tally tally(result == k_deregistered);
    Campaign campaign;
    campaign.title = title;
    campaign.calls = calls;
    campaign.per_second = rate;
    campaign.connections = asked_.connections;
    campaign.outlives_failures = outlives_failures;
    campaign.make = std::move(make);
    campaign.told = [&tally](std::size_t, const Result<client::HttpResponse>& response, microseconds took) {
      tally.note(response, took);
    };
    const Result<Ended> ended = run_campaign(campaign, settings_, signals_);
    if (ended && tally.calls() > 0) say(result, tally, ended->took.count());
    has_left_traces_ |= tally.calls() > 0;
    has_failed_ |= tally.failed() > 0;
    return ended;
  }

  void say(std::string_view result, Tally& tally, double seconds) const {
    const double per_second = static_cast<double>(tally.calls()) / std::max(seconds, 1e-6);
    if (session_.wants_json()) {
      session_.print_json(json::value{{"calls", result},
                                      {"count", tally.calls()},
                                      {"failed", tally.failed()},
                                      {"seconds", seconds},
                                      {"per_second", per_second},
                                      {"p50_ms", tally.percentile(0.5)},
                                      {"p99_ms", tally.percentile(0.99)},
                                      {"max_ms", tally.percentile(1)}});
    } else {
      session_.print(
          fmt::format("{:<12} {} in {:.1f} s, {:.0f} a second; half within {:.1f} ms, 99 % within {:.1f} ms, "
                      "the slowest {:.1f} ms; {} failed\n",
                      result, tally.calls(), seconds, per_second, tally.percentile(0.5), tally.percentile(0.99),
                      tally.percentile(1), tally.failed()));
    }
    if (tally.failed() > 0) session_.remark(fmt::format("the first that failed: {}", tally.first_failure()));
  }

  Result<int> clean_up() {
    const Result<Ended> gone = go("cleaning up", k_deregistered, asked_.instances, 0, false,
                                  [this](std::size_t n) { return of(n, "DELETE", ""); });
    if (!gone) return give_up(gone.error());
    if (gone->is_interrupted) return failure(Errc::unreachable, left_behind());
    forget_services();
    return has_failed_ ? k_refused : k_done;
  }

  // They would stay known, and empty, for an hour. A registry of an older version does not take it.
  void forget_services() {
    for (std::size_t i = 0; i < asked_.services; ++i) {
      client::HttpRequest request;
      request.method = "DELETE";
      request.target =
          target_of("/v1/services", {fmt::format("{}-{}", prefix_, i)}, {{"zone", session_.globals().zone}});
      const auto done = session_.ask(request);
      if (!done && done.error().code != Errc::unknown_service) {
        return session_.remark(
            fmt::format("the empty services {}-* stay known for an hour: {}", prefix_, done.error().message));
      }
    }
  }

  [[nodiscard]] Result<int> give_up(const Error& why) const {
    return failure(why.code, has_left_traces_ ? fmt::format("{}; {}", why.message, left_behind()) : why.message);
  }
  [[nodiscard]] std::string left_behind() const {
    return fmt::format("what is left of {}-* goes when its leases end, within {}", prefix_,
                       format_duration(asked_.ttl));
  }

  Session& session_;
  const Asked& asked_;
  client::HttpSettings settings_;
  Signals signals_{SIGINT, SIGTERM};
  std::string prefix_ = fmt::format("load-{:06x}", std::random_device{}() & 0xffffffU);
  bool has_failed_ = false;
  bool has_left_traces_ = false;
};

Result<int> load(Session& session, const Asked& asked) {
  if (asked.ttl < milliseconds(1'000)) return failure(Errc::start_up, "--ttl must be at least 1s");
  if (session.globals().http.size() > 1)
    return failure(Errc::start_up, "load tries one registry: give one --http, with commas where it has several nodes");
  const Result<client::HttpSettings> settings = http_settings(session.globals());
  if (!settings) return std::unexpected(settings.error());
  return Load(session, asked, *settings).run();
}

Action declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  options.number("--instances", "N", asked->instances, 1, 1'000'000, "so many instances (default 1000)");
  options.number("--services", "N", asked->services, 1, 100'000, "of so many services (default 10)");
  options.number("--rate", "N", asked->rate, 1, 1'000'000, "heartbeats a second (default: three in each lease)");
  options.value("--for", "TIME", asked->duration, "send heartbeats for so long (default 10s)");
  options.value("--ttl", "TIME", asked->ttl, "the leases (default 30s)");
  options.number("--connections", "N", asked->connections, 1, 256, "over so many connections (default 8)");
  return [asked](Session& session) { return load(session, *asked); };
}

}  // namespace

extern const Command k_load{
    .name = "load",
    .synopsis = "[--instances N] [--services N] [--rate N] [--for TIME]",
    .summary = "try a registry at scale, and clean up",
    .description =
        "Registers instances of services that are called load-… and have addresses which lead nowhere, sends "
        "heartbeats at "
        "an even rate, takes all of them off again, and says how long the calls took. A heartbeat's time counts from "
        "when "
        "it was due. Ctrl-C cleans up at once; a second one leaves that to the ends of the leases.\n\n"
        "One machine that measures and serves measures itself, too: for figures use another one.",
    .examples = {{"rollcall load --instances 10000 --services 100 --rate 5000 --for 30s", "a registry of some size"}},
    .asks = Asks::http,
    .trial = {},
    .declare = declare,
};

}  // namespace rollcall::cli
