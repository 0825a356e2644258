// udp-load: questions to a DNS server, in batches from one thread, so that one core saturates a server on another.
//
// Closed: as many questions are open as --outstanding says. With --rate open: questions leave when they are due, and a
// delay counts from then. An answer that has not come within a second is lost. With --server-only, what the load itself is
// late with does not count, and is not made up for in bursts: where server and load share cores, it says how long the server
// takes.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <limits>
#include <map>
#include <poll.h>
#include <string>
#include <sys/prctl.h>
#include <vector>

#include "cpu_time.h"
#include "latency.h"
#include "questions.h"
#include "udp_client.h"

namespace {

using namespace rollcall::bench;  // NOLINT(google-build-using-namespace)

constexpr std::uint64_t k_sleep_min_ns = 50'000;
constexpr std::uint64_t k_sleep_max_ns = 1'000'000;

struct Settings {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8600;
  std::string file;
  QuestionSettings questions;
  double seconds = 5;
  double warm_up = 0.5;
  std::size_t outstanding = 200;
  std::size_t sockets = 8;
  double rate = 0;
  std::vector<int> pids;
  bool echo = false;
  bool wait = false;
  Latency latency = Latency::whole;
  bool json = false;
};

void read_settings(CLI::App& app, Settings& settings) {
  app.add_option("--address", settings.address, "of the server, IPv4")->capture_default_str();
  app.add_option("--port", settings.port, "of the server")->capture_default_str();
  app.add_option("--questions", settings.file, "a file of lines \"name TYPE\"; they are asked in a random order")
      ->required();
  app.add_flag("--edns", settings.questions.edns, "questions have an OPT record");
  app.add_option("--payload", settings.questions.payload, "what OPT says fits")->capture_default_str();
  app.add_option("--seconds", settings.seconds, "how long is counted")->capture_default_str();
  app.add_option("--warm-up", settings.warm_up, "seconds before that")->capture_default_str();
  app.add_option("--outstanding", settings.outstanding, "open questions, over all sockets")->capture_default_str();
  app.add_option("--sockets", settings.sockets, "sockets they leave from")->capture_default_str();
  app.add_option("--rate", settings.rate, "questions a second; 0: as fast as answers come")->capture_default_str();
  app.add_option("--pid", settings.pids, "of the server, and of its children: their CPU time for an answer is told");
  app.add_flag("--echo", settings.echo, "the server sends back what comes");
  app.add_flag("--wait", settings.wait, "sleep while nothing comes, rather than look all the time");
  app.add_flag_callback(
      "--server-only", [&settings] { settings.latency = Latency::server; },
      "latency without the time in which this load did not run; questions leave one by one");
  app.add_flag("--json", settings.json, "one JSON object");
}

// Moves one round, `first` before the others: what has come is taken, what may leave is sent. False: nothing happened.
bool step(std::vector<UdpClient>& clients, std::size_t first, Pace& pace, Tally& tally) {
  bool moved = false;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    UdpClient& client = clients[(first + i) % clients.size()];
    moved |= client.receive(tally);
    moved |= client.send(pace, tally);
  }
  return moved;
}

// Until a question is due, or an answer comes where it matters when it is read; k_sleep_min_ns at least, so that questions
// leave in small batches and the load leaves the core to others.
void sleep_a_little(const std::vector<UdpClient>& clients, const Pace& pace, Latency latency) {
  std::vector<pollfd> waiting;
  if (latency == Latency::whole) {
    for (const UdpClient& client : clients) waiting.push_back({client.socket(), POLLIN, 0});
  }
  const std::uint64_t ns = std::clamp(pace.ns_left(now_ns()), k_sleep_min_ns, k_sleep_max_ns);
  const timespec most{0, static_cast<long>(ns)};
  ppoll(waiting.data(), waiting.size(), &most, nullptr);
}

// Who was kept waiting for a core makes up for it little by little: a burst of all that is overdue would measure itself.
std::size_t most_at_once(const Settings& settings) {
  if (settings.latency == Latency::whole || settings.rate == 0) return std::numeric_limits<std::size_t>::max();
  return static_cast<std::size_t>(4 * settings.rate * static_cast<double>(k_sleep_min_ns) / 1e9) + 1;
}

void run_for(std::vector<UdpClient>& clients, double seconds, const Settings& settings, Tally& tally) {
  Pace pace(settings.rate, settings.latency);
  const std::size_t most = most_at_once(settings);
  const std::uint64_t end = now_ns() + static_cast<std::uint64_t>(seconds * 1e9);
  std::uint64_t next_sweep = now_ns() + k_sweep_ns;
  for (std::size_t round = 0; now_ns() < end; ++round) {
    const std::uint64_t began = now_ns();
    tally.skipped += pace.begin_round(began, most);
    const bool moved = step(clients, round, pace, tally);
    pace.end_round(began);
    if (settings.wait && (!moved || settings.latency == Latency::server)) {
      sleep_a_little(clients, pace, settings.latency);
    }
    if (now_ns() < next_sweep) continue;
    for (UdpClient& client : clients) client.give_up_late(tally);
    next_sweep = now_ns() + k_sweep_ns;
  }
}

void print(const Settings& settings, const Tally& tally, double seconds, double cpu_seconds) {
  const auto answers = static_cast<double>(tally.latencies.count());
  const double cpu_us = answers > 0 ? cpu_seconds * 1e6 / answers : 0;
  const auto us = [&](double share) { return tally.latencies.quantile_us(share); };
  if (!settings.json) {
    std::printf("%.0f answers/s over %.2f s, %llu lost, %llu bad; latency p50 %.0f p99 %.0f p99.9 %.0f us",
                answers / seconds, seconds, static_cast<unsigned long long>(tally.lost),
                static_cast<unsigned long long>(tally.bad()), us(0.5), us(0.99), us(0.999));
    if (!settings.pids.empty()) std::printf("; %.2f us of the server's CPU each", cpu_us);
    std::printf("\n");
    return;
  }
  std::printf(
      "{\"answers\":%.0f,\"seconds\":%.3f,\"rate\":%.0f,\"lost\":%llu,\"skipped\":%llu,"
      "\"servfail\":%llu,\"other_rcode\":%llu,\"empty\":%llu,\"truncated\":%llu,"
      "\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,"
      "\"cpu_seconds\":%.6f,\"cpu_us\":%.4f}\n",
      answers, seconds, answers / seconds, static_cast<unsigned long long>(tally.lost),
      static_cast<unsigned long long>(tally.skipped), static_cast<unsigned long long>(tally.servfail),
      static_cast<unsigned long long>(tally.other_rcode), static_cast<unsigned long long>(tally.empty),
      static_cast<unsigned long long>(tally.truncated), us(0.5), us(0.9), us(0.99), us(0.999), cpu_seconds, cpu_us);
}

void run(const Settings& settings) {
  const std::vector<std::string> questions = read_questions(settings.file, settings.questions);
  std::vector<UdpClient> clients;
  const std::size_t window = std::max<std::size_t>(1, settings.outstanding / settings.sockets);
  for (std::size_t i = 0; i < settings.sockets; ++i) {
    clients.emplace_back(settings.address, settings.port, questions, window, i, settings.echo, settings.latency);
  }
  prctl(PR_SET_TIMERSLACK, 1UL);  // sleeps are as short as asked for
  Tally unused;
  run_for(clients, settings.warm_up, settings, unused);
  Tally tally;
  const double cpu_before = cpu_seconds_of(settings.pids);
  const std::uint64_t begin = now_ns();
  run_for(clients, settings.seconds, settings, tally);
  const double seconds = static_cast<double>(now_ns() - begin) / 1e9;
  print(settings, tally, seconds, cpu_seconds_of(settings.pids) - cpu_before);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Asks a DNS server over UDP as fast as it answers, or at a rate, and says how it did.", "udp-load");
  Settings settings;
  read_settings(app, settings);
  CLI11_PARSE(app, argc, argv);
  try {
    run(settings);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "udp-load: %s\n", error.what());
    return 1;
  }
}
