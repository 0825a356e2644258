// http-load: prebuilt requests to an HTTP server, over many connections from one thread, as fast as they are answered.
//
// Closed: each connection has --depth requests open at most. 1 is a client that waits for its answer.
// With --rate open: requests leave one by one when they are due, over the connections in turn, and a delay counts from then.
//
// With --steps the connections outlive what is measured: each line of the input is a step, and has a line of the output.
//   connect    opens the connections; each sends its share once, as soon as it is open
//   2.5        all send for so many seconds
// The end of the input closes them.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <functional>
#include <iostream>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <vector>

#include "cpu_time.h"
#include "http_client.h"

namespace {

using namespace rollcall::bench;  // NOLINT(google-build-using-namespace)

constexpr timespec k_longest_wait{1, 0};
constexpr double k_patience_seconds = 60;  // for answers that are still to come
// Unanswered: below any backlog, so that nobody is told to come again.
constexpr std::uint64_t k_open_at_connecting = 256;

struct Settings {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8500;
  std::string file;
  std::size_t connections = 64;
  std::size_t depth = 1;
  double seconds = 5;
  double rate = 0;
  std::vector<int> pids;
  bool once = false;
  bool own = false;
  bool steps = false;
  std::uint32_t sources = 0;
};

void read_settings(CLI::App& app, Settings& settings) {
  app.add_option("--address", settings.address, "of the server, IPv4")->capture_default_str();
  app.add_option("--port", settings.port, "of the server")->capture_default_str();
  app.add_option("--requests", settings.file, "a file of requests, each behind a line with its length")->required();
  app.add_option("--connections", settings.connections, "kept open")->capture_default_str();
  app.add_option("--depth", settings.depth, "open requests of one connection")->capture_default_str();
  app.add_option("--seconds", settings.seconds, "how long requests are sent")->capture_default_str();
  CLI::Option* rate = app.add_option("--rate", settings.rate, "requests a second; 0: as fast as they are answered")
                          ->capture_default_str();
  app.add_option("--pid", settings.pids, "of the server, and of its children: their CPU time for an answer is told");
  app.add_flag("--once", settings.once, "each request once, however long that takes")->excludes(rate);
  CLI::Option* own = app.add_flag("--own", settings.own, "each connection has its own share of the requests");
  app.add_flag("--steps", settings.steps, "what is to be done is read: \"connect\", or for how many seconds to send")
      ->needs(own)
      ->excludes(rate);
  app.add_option("--sources", settings.sources, "connections come from so many addresses in turn, from 127.0.0.1 on");
}

class Load {
 public:
  Load(const Settings& settings, const std::vector<std::string_view>& requests)
      : settings_(settings), requests_(requests), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    clients_.reserve(settings.connections);
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  ~Load() { close(epoll_); }

  void connect();
  HttpTally connect_and_send();
  HttpTally exchange(double seconds);

 private:
  void open_one();
  void send_what_is_due(RequestLine& line, HttpTally& tally);
  void take_answers(RequestLine& line, HttpTally& tally, timespec longest = k_longest_wait);
  [[nodiscard]] timespec until_due(const HttpTally& tally) const;

  const Settings& settings_;
  const std::vector<std::string_view>& requests_;
  const int epoll_;
  std::vector<HttpClient> clients_;
  std::uint64_t moved_at_ns_ = 0;
  std::uint64_t end_ns_ = std::numeric_limits<std::uint64_t>::max();  // of sending
  double due_ns_ = 0;                                                 // the next request, with a rate
  std::size_t turn_ = 0;                                              // whose it is
};

void Load::open_one() {
  const std::size_t number = clients_.size();
  std::optional<std::uint32_t> source;
  if (settings_.sources > 0) source = static_cast<std::uint32_t>(number % settings_.sources);
  const HttpClient& client =
      clients_.emplace_back(settings_.address, settings_.port, number, settings_.connections, settings_.own, source);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLET;
  event.data.u64 = number;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, client.socket(), &event);
}

void Load::connect() {
  while (clients_.size() < settings_.connections) open_one();
}

HttpTally Load::connect_and_send() {
  RequestLine line(requests_, true);
  HttpTally tally;
  tally.now_ns = moved_at_ns_ = now_ns();
  while (clients_.size() < settings_.connections) {
    open_one();
    tally.now_ns = now_ns();
    clients_.back().send(line, settings_.depth, tally);
    while (tally.open >= k_open_at_connecting) take_answers(line, tally);
  }
  while (tally.open > 0) take_answers(line, tally);
  return tally;
}

HttpTally Load::exchange(double seconds) {
  RequestLine line(requests_, settings_.once);
  HttpTally tally;
  tally.now_ns = moved_at_ns_ = now_ns();
  if (!settings_.once) end_ns_ = tally.now_ns + static_cast<std::uint64_t>(seconds * 1e9);
  if (settings_.rate == 0) {
    for (HttpClient& client : clients_) client.send(line, settings_.depth, tally);
  } else {
    due_ns_ = static_cast<double>(tally.now_ns);
    while (!line.has_ended()) {
      send_what_is_due(line, tally);
      take_answers(line, tally, until_due(tally));
    }
  }
  while (tally.open > 0) take_answers(line, tally);
  return tally;
}

// Each over the next connection that may send; while none may, it stays due.
void Load::send_what_is_due(RequestLine& line, HttpTally& tally) {
  std::size_t full = 0;
  while (full < clients_.size() && due_ns_ <= static_cast<double>(tally.now_ns)) {
    HttpClient& client = clients_[turn_++ % clients_.size()];
    const bool sent = client.send_one(line, settings_.depth, static_cast<std::uint64_t>(due_ns_), tally);
    full = sent ? 0 : full + 1;
    if (sent) due_ns_ += 1e9 / settings_.rate;
  }
}

// What is due by now and has not left waits for a connection, which an answer frees.
timespec Load::until_due(const HttpTally& tally) const {
  if (due_ns_ <= static_cast<double>(tally.now_ns)) return k_longest_wait;
  constexpr double k_longest_ns = 999'999'999;
  const double left = due_ns_ - static_cast<double>(now_ns());
  return {0, static_cast<long>(std::clamp(left, 0.0, k_longest_ns))};
}

// Those that have come, or are the next to come; who is answered sends the next request, unless there is a rate.
void Load::take_answers(RequestLine& line, HttpTally& tally, timespec longest) {
  std::array<epoll_event, 256> events{};
  const int count = epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &longest, nullptr);
  tally.now_ns = now_ns();
  if (tally.now_ns >= end_ns_) line.end();
  if (count > 0) moved_at_ns_ = tally.now_ns;
  if (static_cast<double>(tally.now_ns - moved_at_ns_) > k_patience_seconds * 1e9) {
    throw std::runtime_error("answers do not come");
  }
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    HttpClient& client = clients_[event.data.u64];
    if ((event.events & EPOLLIN) != 0) client.receive(tally);
    if (settings_.rate == 0) {
      client.send(line, settings_.depth, tally);
    } else {
      client.flush();
    }
  }
}

void print(const HttpTally& tally, double seconds, double cpu_seconds) {
  std::string statuses;
  for (const auto& [status, count] : tally.statuses) {
    statuses += (statuses.empty() ? "\"" : ",\"") + std::to_string(status) + "\":" + std::to_string(count);
  }
  const auto answers = static_cast<double>(tally.latencies.count());
  const auto us = [&](double share) { return tally.latencies.quantile_us(share); };
  std::printf(
      "{\"answers\":%.0f,\"statuses\":{%s},\"seconds\":%.3f,\"rate\":%.0f,\"p50_us\":%.1f,\"p90_us\":%.1f,"
      "\"p99_us\":%.1f,\"p999_us\":%.1f,\"cpu_seconds\":%.6f,\"cpu_us\":%.4f}\n",
      answers, statuses.c_str(), seconds, answers / seconds, us(0.5), us(0.9), us(0.99), us(0.999), cpu_seconds,
      answers > 0 ? cpu_seconds * 1e6 / answers : 0);
}

// Does it, and says what came of it.
void measure(const Settings& settings, const std::function<HttpTally()>& work) {
  const double cpu_before = cpu_seconds_of(settings.pids);
  const std::uint64_t begin = now_ns();
  const HttpTally tally = work();
  const double seconds = static_cast<double>(now_ns() - begin) / 1e9;
  print(tally, seconds, cpu_seconds_of(settings.pids) - cpu_before);
  std::fflush(stdout);
}

void run_steps(const Settings& settings, Load& load) {
  std::string step;
  while (std::getline(std::cin, step)) {
    measure(settings, [&] { return step == "connect" ? load.connect_and_send() : load.exchange(std::stod(step)); });
  }
}

void run(const Settings& settings) {
  const std::string octets = read_file(settings.file);
  const std::vector<std::string_view> requests = split_requests(octets);
  if (settings.own && settings.connections > requests.size()) {
    throw std::runtime_error("there are fewer requests than connections");
  }
  prctl(PR_SET_TIMERSLACK, 1UL);  // waits are as short as asked for
  Load load(settings, requests);
  if (settings.steps) return run_steps(settings, load);
  load.connect();
  measure(settings, [&] { return load.exchange(settings.seconds); });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Sends prebuilt requests to an HTTP server as fast as they are answered, and says how it did.",
               "http-load");
  Settings settings;
  read_settings(app, settings);
  CLI11_PARSE(app, argc, argv);
  try {
    run(settings);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "http-load: %s\n", error.what());
    return 1;
  }
}
