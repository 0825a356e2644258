#include "http_client.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace rollcall::bench {
namespace {

constexpr std::string_view k_length_field = "\r\nContent-Length: ";
constexpr std::string_view k_end_of_head = "\r\n\r\n";
constexpr unsigned k_no_content = 204;
constexpr std::size_t k_room = std::size_t{256} << 10;

// The port is chosen when the connection is made: it must be free only between these two addresses.
void bind_source(int socket, std::uint32_t source) {
  const int on = 1;
  setsockopt(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
  sockaddr_in own{};
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK + source);
  if (bind(socket, reinterpret_cast<const sockaddr*>(&own), sizeof(own)) != 0) {
    throw std::runtime_error("cannot send from 127.0.0.1 + " + std::to_string(source));
  }
}

int connect_to(const std::string& address, std::uint16_t port, std::optional<std::uint32_t> source) {
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_port = htons(port);
  if (inet_pton(AF_INET, address.c_str(), &place.sin_addr) != 1) throw std::runtime_error(address + " is no address");
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) throw std::runtime_error("no socket: more files would have to be open than the system allows");
  if (source) bind_source(socket, *source);
  if (connect(socket, reinterpret_cast<const sockaddr*>(&place), sizeof(place)) != 0) {
    throw std::runtime_error("no connection to " + address + ":" + std::to_string(port));
  }
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  fcntl(socket, F_SETFL, O_NONBLOCK);
  return socket;
}

}  // namespace

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string_view> split_requests(std::string_view octets) {
  std::vector<std::string_view> requests;
  while (!octets.empty()) {
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(octets.data(), octets.data() + octets.size(), length);
    const auto digits = static_cast<std::size_t>(end - octets.data());
    if (error != std::errc{} || digits + 1 + length > octets.size()) {
      throw std::runtime_error("the file holds no requests behind their lengths");
    }
    requests.push_back(octets.substr(digits + 1, length));
    octets.remove_prefix(digits + 1 + length);
  }
  if (requests.empty()) throw std::runtime_error("the file holds no requests");
  return requests;
}

const std::string_view* RequestLine::next(std::size_t* own, std::size_t step) {
  if (ended_) return nullptr;
  std::size_t& place = own == nullptr ? next_ : *own;
  if (place >= requests_.size()) {
    if (once_) return nullptr;
    place %= own == nullptr ? requests_.size() : step;
  }
  const std::string_view* request = &requests_[place];
  place += own == nullptr ? 1 : step;
  return request;
}

HttpClient::HttpClient(const std::string& address, std::uint16_t port, std::size_t number, std::size_t of, bool own,
                       std::optional<std::uint32_t> source)
    : socket_(connect_to(address, port, source)), step_(of), own_(own), next_(number) {}

HttpClient::HttpClient(HttpClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      step_(other.step_),
      own_(other.own_),
      next_(other.next_),
      out_(std::move(other.out_)),
      in_(std::move(other.in_)),
      sent_(std::move(other.sent_)) {}

HttpClient::~HttpClient() {
  if (socket_ >= 0) close(socket_);
}

void HttpClient::send(RequestLine& line, std::size_t depth, HttpTally& tally) {
  while (add(line, depth, tally.now_ns, tally)) {
  }
  flush();
}

bool HttpClient::send_one(RequestLine& line, std::size_t depth, std::uint64_t since_ns, HttpTally& tally) {
  const bool added = add(line, depth, since_ns, tally);
  flush();
  return added;
}

bool HttpClient::add(RequestLine& line, std::size_t depth, std::uint64_t since_ns, HttpTally& tally) {
  if (sent_.size() >= depth) return false;
  const std::string_view* request = line.next(own_ ? &next_ : nullptr, step_);
  if (request == nullptr) return false;
  out_ += *request;
  sent_.push_back(since_ns);
  ++tally.open;
  return true;
}

void HttpClient::flush() {
  while (!out_.empty()) {
    const ssize_t sent = ::send(socket_, out_.data(), out_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return;
    if (sent <= 0) throw std::runtime_error("the server has closed a connection");
    out_.erase(0, static_cast<std::size_t>(sent));
  }
}

void HttpClient::receive(HttpTally& tally) {
  static std::array<char, k_room> room;
  const ssize_t got = recv(socket_, room.data(), room.size(), 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) throw std::runtime_error("the server has closed a connection");
  std::string_view text(room.data(), static_cast<std::size_t>(got));
  if (!in_.empty()) text = in_.append(text);
  std::size_t taken = 0;
  while (taken < text.size() && !sent_.empty()) {
    const std::size_t length = take_answer(text.substr(taken), tally);
    if (length == 0) break;
    taken += length;
    tally.latencies.add(tally.now_ns - sent_.front());
    sent_.pop_front();
    --tally.open;
  }
  in_ = std::string(text.substr(taken));
}

// How long the answer at the front is; 0: it is not whole yet.
std::size_t HttpClient::take_answer(std::string_view text, HttpTally& tally) {
  const std::size_t head = text.find(k_end_of_head);
  if (head == std::string_view::npos) return 0;
  const std::size_t field = text.substr(0, head).find(k_length_field);
  const bool has_length = field != std::string_view::npos;
  std::size_t body = 0;
  if (has_length) std::from_chars(text.data() + field + k_length_field.size(), text.data() + head, body);
  const std::size_t whole = head + k_end_of_head.size() + body;
  if (text.size() < whole) return 0;
  constexpr std::size_t k_status_at = std::string_view("HTTP/1.1 ").size();
  unsigned status = 0;
  std::from_chars(text.data() + k_status_at, text.data() + head, status);
  if (!has_length && status != k_no_content) throw std::runtime_error("an answer does not say how long it is");
  ++tally.statuses[status];
  return whole;
}

}  // namespace rollcall::bench
