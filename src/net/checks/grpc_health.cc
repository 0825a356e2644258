#include "net/checks/grpc_health.h"

#include <array>
#include <charconv>
#include <fmt/format.h>

namespace rollcall::net {
namespace {

constexpr std::array<std::string_view, 4> k_serving{"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};
constexpr std::array<std::string_view, 17> k_codes{
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};
constexpr std::size_t k_prefix_bytes = 5;
constexpr char k_service_field = 0x0a;          // field 1, with a length
constexpr std::uint64_t k_status_field = 0x08;  // field 1, a number

void put_number(std::string& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7U) out += static_cast<char>((number & 0x7fU) | 0x80U);
  out += static_cast<char>(number);
}

std::optional<std::uint64_t> take_number(std::string_view& in) {
  std::uint64_t number = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto octet = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    number |= (octet & std::uint64_t{0x7f}) << shift;
    if ((octet & 0x80U) == 0) return number;
  }
  return std::nullopt;
}

// A field that later versions of the message may have.
bool skip(std::string_view& in, std::uint64_t field) {
  std::uint64_t bytes = 0;
  switch (field & 7U) {
    case 0: return take_number(in).has_value();
    case 1: bytes = 8; break;
    case 2: {
      const std::optional<std::uint64_t> length = take_number(in);
      if (!length) return false;
      bytes = *length;
      break;
    }
    case 5: bytes = 4; break;
    default: return false;
  }
  if (bytes > in.size()) return false;
  in.remove_prefix(bytes);
  return true;
}

}  // namespace

std::string to_text(ServingStatus status) {
  const auto number = static_cast<std::size_t>(status);
  return number < k_serving.size() ? std::string(k_serving.at(number)) : fmt::format("status {}", number);
}

std::string health_request(std::string_view service) {
  std::string message;
  if (!service.empty()) {
    message += k_service_field;
    put_number(message, service.size());
    message += service;
  }
  std::string out(k_prefix_bytes, '\0');
  for (std::size_t i = 0; i < 4; ++i)
    out[k_prefix_bytes - 1 - i] = static_cast<char>((message.size() >> (8 * i)) & 0xffU);
  return out + message;
}

std::optional<ServingStatus> parse_health_response(std::string_view message) {
  if (message.size() < k_prefix_bytes || message.front() != '\0') return std::nullopt;
  std::size_t length = 0;
  for (const char octet : message.substr(1, k_prefix_bytes - 1)) {
    length = (length << 8U) | static_cast<unsigned char>(octet);
  }
  std::string_view in = message.substr(k_prefix_bytes);
  if (in.size() != length) return std::nullopt;
  std::uint64_t status = 0;  // a field that has its default is left out
  while (!in.empty()) {
    const std::optional<std::uint64_t> field = take_number(in);
    if (!field) return std::nullopt;
    if (*field != k_status_field) {
      if (!skip(in, *field)) return std::nullopt;
      continue;
    }
    const std::optional<std::uint64_t> number = take_number(in);
    if (!number) return std::nullopt;
    status = *number;
  }
  return static_cast<ServingStatus>(status & UINT32_MAX);
}

std::string grpc_status_text(std::string_view status) {
  std::size_t code = k_codes.size();
  const auto [end, error] = std::from_chars(status.data(), status.data() + status.size(), code);
  if (error != std::errc{} || end != status.data() + status.size() || code >= k_codes.size()) {
    return std::string(status);
  }
  return fmt::format("{} ({})", code, k_codes.at(code));
}

}  // namespace rollcall::net
