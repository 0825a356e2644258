// http-load: prebuilt requests to an HTTP server, over many connections from one thread, as fast as they are answered.
//
// Closed: each connection has --depth requests open at most. 1 is a client that waits for its answer.
#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <sys/epoll.h>
#include <unistd.h>
#include <vector>

#include "cpu_time.h"
#include "http_client.h"

namespace {

using namespace rollcall::bench;  // NOLINT(google-build-using-namespace)

constexpr double k_patience_seconds = 60;  // for answers that are still to come

struct Settings {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8500;
  std::string file;
  std::size_t connections = 64;
  std::size_t depth = 1;
  double seconds = 5;
  std::vector<int> pids;
  bool once = false;
  bool own = false;
};

void read_settings(CLI::App& app, Settings& settings) {
  app.add_option("--address", settings.address, "of the server, IPv4")->capture_default_str();
  app.add_option("--port", settings.port, "of the server")->capture_default_str();
  app.add_option("--requests", settings.file, "a file of requests, each behind a line with its length")->required();
  app.add_option("--connections", settings.connections, "kept open")->capture_default_str();
  app.add_option("--depth", settings.depth, "open requests of one connection")->capture_default_str();
  app.add_option("--seconds", settings.seconds, "how long requests are sent")->capture_default_str();
  app.add_option("--pid", settings.pids, "of the server, and of its children: their CPU time for an answer is told");
  app.add_flag("--once", settings.once, "each request once, however long that takes");
  app.add_flag("--own", settings.own, "each connection has its own share of the requests");
}

void watch(int epoll, const HttpClient& client, std::size_t number) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLET;
  event.data.u64 = number;
  epoll_ctl(epoll, EPOLL_CTL_ADD, client.socket(), &event);
}

void exchange(std::vector<HttpClient>& clients, RequestLine& line, const Settings& settings, HttpTally& tally) {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  tally.now_ns = now_ns();
  const std::uint64_t end = tally.now_ns + static_cast<std::uint64_t>(settings.seconds * 1e9);
  for (std::size_t i = 0; i < clients.size(); ++i) {
    watch(epoll, clients[i], i);
    clients[i].send(line, settings.depth, tally);
  }
  std::array<epoll_event, 256> events{};
  std::uint64_t moved_at = tally.now_ns;
  while (tally.open > 0) {
    const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 1000);
    tally.now_ns = now_ns();
    if (!settings.once && tally.now_ns >= end) line.end();
    if (count > 0) moved_at = tally.now_ns;
    if (static_cast<double>(tally.now_ns - moved_at) > k_patience_seconds * 1e9) {
      throw std::runtime_error("answers do not come");
    }
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      HttpClient& client = clients[event.data.u64];
      if ((event.events & EPOLLIN) != 0) client.receive(tally);
      client.send(line, settings.depth, tally);
    }
  }
  close(epoll);
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

void run(const Settings& settings) {
  const std::string octets = read_file(settings.file);
  const std::vector<std::string_view> requests = split_requests(octets);
  if (settings.own && settings.connections > requests.size()) {
    throw std::runtime_error("there are fewer requests than connections");
  }
  std::vector<HttpClient> clients;
  for (std::size_t i = 0; i < settings.connections; ++i) {
    clients.emplace_back(settings.address, settings.port, i, settings.connections, settings.own);
  }
  RequestLine line(requests, settings.once);
  HttpTally tally;
  const double cpu_before = cpu_seconds_of(settings.pids);
  const std::uint64_t begin = now_ns();
  exchange(clients, line, settings, tally);
  const double seconds = static_cast<double>(now_ns() - begin) / 1e9;
  print(tally, seconds, cpu_seconds_of(settings.pids) - cpu_before);
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
