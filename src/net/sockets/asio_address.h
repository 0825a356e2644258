// An IpAddress as Asio has it.
#pragma once

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "base/ip_address.h"

namespace rollcall::net {

[[nodiscard]] inline boost::asio::ip::address asio_address(const IpAddress& address) {
  if (address.is_v4()) {
    boost::asio::ip::address_v4::bytes_type bytes;
    std::ranges::copy(address.bytes(), bytes.begin());
    return boost::asio::ip::address_v4(bytes);
  }
  boost::asio::ip::address_v6::bytes_type bytes;
  std::ranges::copy(address.bytes(), bytes.begin());
  return boost::asio::ip::address_v6(bytes);
}

}  // namespace rollcall::net
