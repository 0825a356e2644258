// Octets on their way to a peer, in the order they were put in: small texts are joined, large ones are moved in as they
// are, so that a list of many MiB is never copied.
//
// Shape    a run of segments; the first one is sent from its begin.
// Owner    a connection. What is being sent in the background is taken out first (take_front): appending moves the rest.
// Threads  its owner's.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall::net {

class Outbox {
 public:
  [[nodiscard]] bool empty() const { return front().empty(); }
  // What is held, spare room of large texts included.
  [[nodiscard]] std::size_t bytes() const;

  // Where a small text is appended.
  [[nodiscard]] std::string& tail();
  void append(std::string text);

  // The octets to send next; empty: there are none.
  [[nodiscard]] std::string_view front() const { return std::string_view(front_).substr(sent_); }
  void consume(std::size_t octets);  // of the front
  [[nodiscard]] std::string take_front();

  void clear();
  // Keeps no more room than a small answer needs.
  void shrink();

 private:
  void advance();

  std::string front_;
  std::size_t sent_ = 0;           // of the front
  std::vector<std::string> rest_;  // none is empty, but the last may be
};

}  // namespace rollcall::net
