// How many connections one client has open, and may have.
//
// Shape    a client is an IPv4 address or an IPv6 network of k_client_ipv6_bits: a client with one address of it usually has all.
// Owner    outlives every Place it has given. A Place is a connection's.
// Threads  any: connections end on other threads than the one that accepted them.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <utility>

#include "base/guarded.h"
#include "base/ip_address.h"

namespace rollcall::net {

class ClientLimit {
 public:
  // `connections_max`: 0 is no limit. Loopback has none.
  explicit ClientLimit(std::size_t connections_max) : connections_max_(connections_max) {}
  ClientLimit(const ClientLimit&) = delete;
  ClientLimit& operator=(const ClientLimit&) = delete;

  class Place {
   public:
    Place(Place&& other) noexcept : limit_(std::exchange(other.limit_, nullptr)), client_(other.client_) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(limit_, other.limit_);
      std::swap(client_, other.client_);
      return *this;
    }
    ~Place();

   private:
    friend class ClientLimit;
    Place(ClientLimit* limit, const IpAddress& client) : limit_(limit), client_(client) {}

    ClientLimit* limit_;  // null: not counted, or moved from
    IpAddress client_;
  };
  // Empty: the client has as many as it may.
  [[nodiscard]] std::optional<Place> enter(const IpAddress& client);

 private:
  void leave(const IpAddress& client);

  const std::size_t connections_max_;
  Guarded<std::map<IpAddress, std::size_t>> open_;  // clients with at least one
};

}  // namespace rollcall::net
