// A keep-alive connection to an HTTP server: requests as they are given, answers by their Content-Length.
//
// Shape    a client that waits has one request open, one that pipelines several.
// Owner    owns its socket; borrows the requests.
// Threads  one.
// Failure  throws std::runtime_error: no connection, an early end, an answer of no known length.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "latency.h"

namespace rollcall::bench {

// Requests from a file: each behind a line with its length in octets.
std::string read_file(const std::string& path);
std::vector<std::string_view> split_requests(std::string_view octets);

// What all connections send, and what came of it. The clock is read once a round, by the loop.
struct HttpTally {
  Latencies latencies;
  std::map<unsigned, std::uint64_t> statuses;
  std::uint64_t open = 0;  // requests without an answer
  std::uint64_t now_ns = 0;
};

// Which request is next: by turns over all connections, or each connection its own share, again and again.
class RequestLine {
 public:
  RequestLine(const std::vector<std::string_view>& requests, bool once) : requests_(requests), once_(once) {}
  void end() { ended_ = true; }
  [[nodiscard]] bool has_ended() const { return ended_; }
  // `own`: where the connection is in its share; null: the next of all. Null: there is none.
  const std::string_view* next(std::size_t* own, std::size_t step);

 private:
  const std::vector<std::string_view>& requests_;
  const bool once_;
  bool ended_ = false;
  std::size_t next_ = 0;
};

class HttpClient {
 public:
  // Share `number` of `of` of the requests where `own`. `source`: how far behind 127.0.0.1 the connection's own address is;
  // none: as the system has it.
  HttpClient(const std::string& address, std::uint16_t port, std::size_t number, std::size_t of, bool own,
             std::optional<std::uint32_t> source = std::nullopt);
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  HttpClient(HttpClient&& other) noexcept;
  ~HttpClient();

  [[nodiscard]] int socket() const { return socket_; }
  // Until `depth` requests are open, or there are no more; one write, as far as the socket takes it.
  void send(RequestLine& line, std::size_t depth, HttpTally& tally);
  // One, which was due at `since_ns`. False: there is no next, or `depth` are open.
  bool send_one(RequestLine& line, std::size_t depth, std::uint64_t since_ns, HttpTally& tally);
  // What the socket has not taken yet.
  void flush();
  void receive(HttpTally& tally);

 private:
  bool add(RequestLine& line, std::size_t depth, std::uint64_t since_ns, HttpTally& tally);
  std::size_t take_answer(std::string_view text, HttpTally& tally);

  int socket_ = -1;
  const std::size_t step_;
  const bool own_;
  std::size_t next_;
  std::string out_;  // not taken by the socket yet
  std::string in_;   // an answer that is not whole yet
  std::deque<std::uint64_t> sent_;
};

}  // namespace rollcall::bench
