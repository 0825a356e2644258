#include "answer/zone/reverse_space.h"

#include <charconv>
#include <fmt/format.h>
#include <string>

#include "base/check.h"

namespace rollcall::answer {
namespace {

constexpr std::size_t k_tree_labels = 2;  // in-addr.arpa, ip6.arpa
constexpr unsigned k_octet_bits = 8;

// A decimal octet without leading zeros, as reverse names have it.
bool parse_octet(std::string_view label, std::uint8_t& octet) {
  if (label.size() > 1 && label.front() == '0') return false;
  const auto [end, error] = std::from_chars(label.data(), label.data() + label.size(), octet);
  return error == std::errc{} && end == label.data() + label.size();
}

bool parse_nibble(std::string_view label, std::uint8_t& nibble) {
  if (label.size() != 1) return false;
  const auto [end, error] = std::from_chars(label.data(), label.data() + 1, nibble, 16);
  return error == std::errc{} && end == label.data() + 1;
}

struct Range {
  std::uint8_t first;
  std::uint8_t last;
  friend bool operator==(const Range&, const Range&) = default;
};

// The addresses of a prefix that ends within the octet number `octet`; empty: it does not, or does not begin at `first`.
std::optional<Range> range_of_prefix(std::uint8_t first, std::uint8_t bits, std::size_t octet) {
  const std::size_t before = octet * k_octet_bits;
  if (bits <= before || bits > before + k_octet_bits) return std::nullopt;
  const auto size = 1U << (before + k_octet_bits - bits);
  if (first % size != 0) return std::nullopt;
  return Range{first, static_cast<std::uint8_t>(first + size - 1)};
}

std::unexpected<Error> refuse(std::string sentence) { return failure(Errc::invalid, std::move(sentence)); }

}  // namespace

bool is_reverse(const dns::Name& name) {
  return name.is_within(*dns::Name::parse("in-addr.arpa")) || name.is_within(*dns::Name::parse("ip6.arpa"));
}

Result<ReverseSpace> ReverseSpace::parse(const dns::Name& apex) {
  check(is_reverse(apex), "a reverse zone is below in-addr.arpa or ip6.arpa");
  ReverseSpace space(apex, apex.is_within(*dns::Name::parse("in-addr.arpa")));
  dns::QuestionName name;
  check(name.read(apex.wire()), "a Name is a name");
  space.apex_labels_ = name.labels;
  const Result<void> read = space.read_labels(name, name.labels - k_tree_labels);
  if (!read) return refuse(fmt::format("the reverse zone {}: {}", apex.text_without_dot(), read.error().message));
  return space;
}

// From the tree's name outwards. The outermost label may be a range.
Result<void> ReverseSpace::read_labels(const dns::QuestionName& name, std::size_t labels) {
  for (std::size_t i = 0; i < labels; ++i) {
    const std::string_view label = name.label(labels - 1 - i);
    if (known_ == parts()) return refuse(fmt::format("it has more labels than an address, which has {}", parts()));
    if (parse_part(label, begin_[known_])) {
      ++known_;
      continue;
    }
    if (!is_v4_) {
      return refuse(
          fmt::format("the label \"{}\" is no nibble; below ip6.arpa a zone can be cut at any nibble, each a label "
                      "from 0 to f",
                      label));
    }
    const bool is_outermost = i + 1 == labels;
    if (!is_outermost || label.find_first_of("/-") == std::string_view::npos) {
      return refuse(
          fmt::format("the label \"{}\" is no octet from 0 to 255; the first label may be a range of them too "
                      "(RFC 2317), as in 0/25.2.0.192.in-addr.arpa",
                      label));
    }
    return read_range(label);
  }
  return {};
}

// "0/25": what the range begins with, and the length of its prefix. "0-127": its first and its last. People write "0-25" for
// "0/25" too.
Result<void> ReverseSpace::read_range(std::string_view label) {
  const std::size_t mark = label.find_first_of("/-");
  std::uint8_t left = 0;
  std::uint8_t right = 0;
  if (!parse_octet(label.substr(0, mark), left) || !parse_octet(label.substr(mark + 1), right)) {
    return refuse(fmt::format("the label \"{}\" is no range of octets (RFC 2317), as 0/25 or 0-127", label));
  }
  const std::optional<Range> prefix = range_of_prefix(left, right, known_);
  std::optional<Range> range = prefix;
  if (label[mark] == '-' && left <= right) {
    range = Range{left, right};
    if (prefix && *prefix != *range) {
      return refuse(
          fmt::format("the label \"{}\" can mean {} to {}, or the {} addresses of {}/{}: write the prefix behind a "
                      "slash",
                      label, left, right, prefix->last - prefix->first + 1, left, right));
    }
  }
  if (!range) {
    return refuse(
        fmt::format("the label \"{}\" is no range within the {}. octet: a prefix there has {} to {} bits, and begins "
                    "at a multiple of its size",
                    label, known_ + 1, known_ * k_octet_bits + 1, (known_ + 1) * k_octet_bits));
  }
  first_ = range->first;
  last_ = range->last;
  return {};
}

bool ReverseSpace::parse_part(std::string_view label, std::uint8_t& part) const {
  return is_v4_ ? parse_octet(label, part) : parse_nibble(label, part);
}

ReversePlace ReverseSpace::place_of(const dns::QuestionName& name) const noexcept {
  const std::size_t own = name.labels - apex_labels_;
  const std::size_t missing = parts() - known_;
  if (own > missing) return {};
  Parts found = begin_;
  for (std::size_t i = 0; i < own; ++i) {
    std::uint8_t part = 0;
    if (!parse_part(name.label(own - 1 - i), part) || !holds(known_ + i, part)) return {};
    found[known_ + i] = part;
  }
  if (own < missing) return {ReversePlace::Kind::prefix};
  return {ReversePlace::Kind::address, address_of(found)};
}

std::optional<dns::Name> ReverseSpace::name_of(const IpAddress& address) const {
  if (address.is_v4() != is_v4_) return std::nullopt;
  const Parts wanted = parts_of(address);
  for (std::size_t i = 0; i < known_; ++i) {
    if (wanted[i] != begin_[i]) return std::nullopt;
  }
  std::optional<dns::Name> name = apex_;
  for (std::size_t i = known_; i < parts() && name; ++i) {
    if (!holds(i, wanted[i])) return std::nullopt;
    name = dns::Name::join(is_v4_ ? fmt::format("{}", wanted[i]) : fmt::format("{:x}", wanted[i]), *name);
  }
  return name;
}

ReverseSpace::Parts ReverseSpace::parts_of(const IpAddress& address) const {
  Parts found{};
  std::size_t at = 0;
  for (const std::uint8_t octet : address.bytes()) {
    if (is_v4_) {
      found[at++] = octet;
    } else {
      found[at++] = octet >> 4U;
      found[at++] = octet & 0xfU;
    }
  }
  return found;
}

IpAddress ReverseSpace::address_of(const Parts& parts) const {
  if (is_v4_) return IpAddress::v4(std::span(parts).first<4>());
  std::array<std::uint8_t, 16> octets{};
  for (std::size_t i = 0; i < octets.size(); ++i) {
    octets[i] = static_cast<std::uint8_t>(parts[2 * i] << 4U | parts[2 * i + 1]);
  }
  return IpAddress::v6(octets);
}

}  // namespace rollcall::answer
