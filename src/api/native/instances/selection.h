// Which instances a list has, in which order, and where a page of it begins.
//
// A cursor is the place of the last instance of a page: what it was sorted by, service, zone and id. The next page has what
// comes after that place, so instances that come, change and leave meanwhile move nobody else: who is there all the time, and
// whose sorted field stays as it is, is on one page, once.
//
// Shape    values, but for a Selection's grant, which is borrowed. A cursor is opaque to clients: Base64 without padding, of
//          the URL alphabet.
// Threads  any. `matches` under a ReadLock.
// Failure  `parse_place`: Errc::invalid for a text that is none of our cursors, or one of another order.
// Source   interface.md §4.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "api/access.h"
#include "api/native/parameters.h"
#include "registry/registry.h"

namespace rollcall::api::native {

// One of k_sorts.
struct Order {
  std::string field = "service";
  bool is_descending = false;  // of the field; the rest of a place always ascends
};
[[nodiscard]] Order order_of(const Parameters& asked);

struct Place {
  std::string value;  // of the field that is sorted by, as text that compares as the field does; empty for "service"
  std::string service;
  std::string zone;
  std::string id;
};
[[nodiscard]] Place place_of(const registry::Instance& instance, std::string_view zone, const Order& order);
[[nodiscard]] bool is_before(const Place& a, const Place& b, const Order& order);

[[nodiscard]] std::string write_place(const Place& place, const Order& order);
[[nodiscard]] Result<Place> parse_place(std::string_view cursor, const Order& order);

// Whether the instance is one that was asked for.
[[nodiscard]] bool matches(const registry::Instance& instance, const Parameters& asked, registry::LeaseTime now);

}  // namespace rollcall::api::native
