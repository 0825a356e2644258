#include "dns/rdata_location.h"

#include <array>
#include <cstdint>
#include <optional>

#include "dns/presentation.h"

namespace rollcall::dns {
namespace {

using Tokens = std::span<const std::string_view>;

constexpr std::int64_t k_second = 1000;  // angles are thousandths of a second of arc
constexpr std::int64_t k_minute = 60 * k_second;
constexpr std::int64_t k_degree = 60 * k_minute;
constexpr std::int64_t k_middle = std::int64_t{1} << 31;
constexpr std::int64_t k_centimetres_below = 100'000 * 100;  // altitude 0 on the wire
constexpr std::uint64_t k_centimetres_max = 42'849'672'95;   // of an altitude
constexpr std::uint64_t k_size_max = 90'000'000'00;          // centimetres

std::unexpected<Error> invalid(std::string sentence) { return failure(Errc::invalid, std::move(sentence)); }

// "23", "23.5", "23." or ".5", in units of the last decimal. Empty: no such number, or more than `most`.
std::optional<std::uint64_t> read_decimal(std::string_view text, std::size_t decimals, std::uint64_t most) {
  const std::size_t dot = text.find('.');
  std::string digits(text.substr(0, dot));
  const std::string_view fraction = dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
  if (fraction.size() > decimals || digits.size() + fraction.size() == 0) return std::nullopt;
  digits += fraction;
  digits.append(decimals - fraction.size(), '0');
  const std::optional<std::uint64_t> number = read_number(digits, most);
  return number && *number <= most ? number : std::nullopt;
}

struct Axis {
  char plus;
  char minus;
  std::uint64_t degrees_max;
  std::string_view text;
};
constexpr Axis k_latitude{'N', 'S', 90, "a latitude is 0 to 90 degrees [minutes [seconds]] and N or S"};
constexpr Axis k_longitude{'E', 'W', 180, "a longitude is 0 to 180 degrees [minutes [seconds]] and E or W"};

// Takes the tokens up to and including the direction.
Result<std::uint32_t> take_angle(Tokens& tokens, const Axis& axis) {
  const auto refuse = [&] { return invalid(std::string(axis.text)); };
  std::int64_t angle = 0;
  for (std::size_t part = 0; part < 4 && !tokens.empty(); ++part) {
    const std::string_view token = tokens.front();
    tokens = tokens.subspan(1);
    const bool is_direction = token.size() == 1 && (token[0] == axis.plus || token[0] == axis.minus);
    if (is_direction) {
      const auto most = static_cast<std::int64_t>(axis.degrees_max) * k_degree;
      if (part == 0 || angle > most) return refuse();
      return static_cast<std::uint32_t>(k_middle + (token[0] == axis.plus ? angle : -angle));
    }
    const std::optional<std::uint64_t> number = part == 0   ? read_decimal(token, 0, axis.degrees_max)
                                                : part == 1 ? read_decimal(token, 0, 59)
                                                : part == 2 ? read_decimal(token, 3, 59'999)
                                                            : std::nullopt;
    if (!number) return refuse();
    constexpr std::array<std::int64_t, 3> k_units{k_degree, k_minute, 1};
    angle += static_cast<std::int64_t>(*number) * k_units[part];
  }
  return refuse();
}

std::string_view without_metre(std::string_view token) {
  if (token.size() > 1 && token.back() == 'm') token.remove_suffix(1);
  return token;
}

Result<std::uint32_t> read_altitude(std::string_view token) {
  std::string_view metres = without_metre(token);
  const bool is_below = metres.starts_with('-');
  if (is_below || metres.starts_with('+')) metres.remove_prefix(1);
  const auto most = is_below ? static_cast<std::uint64_t>(k_centimetres_below) : k_centimetres_max;
  const std::optional<std::uint64_t> centimetres = read_decimal(metres, 2, most);
  if (!centimetres) {
    return invalid(quote(token) + " is no altitude: -100000.00m to 42849672.95m, two decimals at most");
  }
  const auto signed_height = static_cast<std::int64_t>(*centimetres);
  return static_cast<std::uint32_t>(k_centimetres_below + (is_below ? -signed_height : signed_height));
}

// Encodes a size as one decimal digit and a power of ten, in centimetres. The format drops all further digits (RFC 1876
// §2).
Result<char> read_size(std::string_view token) {
  const std::optional<std::uint64_t> centimetres = read_decimal(without_metre(token), 2, k_size_max);
  if (!centimetres) return invalid(quote(token) + " is no size: 0.00m to 90000000.00m, two decimals at most");
  std::uint64_t digit = *centimetres;
  unsigned power = 0;
  for (; digit > 9; digit /= 10) ++power;
  return static_cast<char>(digit << 4 | power);
}

}  // namespace

Result<std::string> read_location(Tokens tokens) {
  const Result<std::uint32_t> latitude = take_angle(tokens, k_latitude);
  if (!latitude) return std::unexpected(latitude.error());
  const Result<std::uint32_t> longitude = take_angle(tokens, k_longitude);
  if (!longitude) return std::unexpected(longitude.error());
  constexpr std::size_t k_sizes = 3;
  if (tokens.empty()) return invalid("the altitude is missing");
  if (tokens.size() > 1 + k_sizes) return invalid("behind the altitude are a size and two precisions at most");
  const Result<std::uint32_t> altitude = read_altitude(tokens.front());
  if (!altitude) return std::unexpected(altitude.error());

  std::string wire("\0\x12\x16\x13", 4);  // version 0; defaults: 1 m, 10000 m and 10 m
  for (std::size_t i = 1; i < tokens.size(); ++i) {
    const Result<char> size = read_size(tokens[i]);
    if (!size) return std::unexpected(size.error());
    wire[i] = *size;
  }
  append_u32(wire, *latitude);
  append_u32(wire, *longitude);
  append_u32(wire, *altitude);
  return wire;
}

}  // namespace rollcall::dns
