#include "dns/name.h"

#include <algorithm>

#include "base/check.h"

namespace rollcall::dns {
namespace {

using limits::k_label_bytes_max;
using limits::k_name_bytes_max;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes one octet of presentation form and decodes an escape (RFC 1035 §5.1). Empty: an invalid escape.
std::optional<char> take_octet(std::string_view& text) {
  const char first = text.front();
  text.remove_prefix(1);
  if (first != '\\') return first;
  if (text.empty()) return std::nullopt;
  if (!is_digit(text.front())) {
    const char escaped = text.front();
    text.remove_prefix(1);
    return escaped;
  }
  if (text.size() < 3 || !is_digit(text[1]) || !is_digit(text[2])) return std::nullopt;
  const int value = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
  if (value > 255) return std::nullopt;
  text.remove_prefix(3);
  return static_cast<char>(value);
}

void append_escaped(std::string& text, char octet) {
  const auto value = static_cast<unsigned char>(octet);
  if (value <= 0x20 || value >= 0x7f) {
    text += '\\';
    text += static_cast<char>('0' + value / 100);
    text += static_cast<char>('0' + value / 10 % 10);
    text += static_cast<char>('0' + value % 10);
    return;
  }
  if (std::string_view(".\\\"();@$").find(octet) != std::string_view::npos) text += '\\';
  text += octet;
}

// Offsets of the labels' length octets, the root's last.
std::vector<std::size_t> label_offsets(std::string_view wire) {
  std::vector<std::size_t> offsets;
  std::size_t at = 0;
  while (true) {
    offsets.push_back(at);
    const auto length = static_cast<std::uint8_t>(wire[at]);
    if (length == 0) return offsets;
    at += 1U + length;
  }
}

std::string folded(std::string_view wire) {
  std::string copy(wire);
  // Length octets are at most 63 and never fall in 'A'..'Z' (65..90): folding every octet folds the labels alone.
  std::ranges::transform(copy, copy.begin(),
                         [](char c) { return static_cast<char>(fold(static_cast<std::uint8_t>(c))); });
  return copy;
}

}  // namespace

std::optional<Name> Name::parse(std::string_view presentation) {
  if (presentation == ".") return Name();
  if (presentation.empty()) return std::nullopt;
  std::string wire;
  while (!presentation.empty()) {
    const std::size_t length_at = wire.size();
    wire += '\0';
    while (!presentation.empty() && presentation.front() != '.') {
      const std::optional<char> octet = take_octet(presentation);
      if (!octet) return std::nullopt;
      wire += *octet;
    }
    const std::size_t length = wire.size() - length_at - 1;
    if (length == 0 || length > k_label_bytes_max || wire.size() >= k_name_bytes_max) return std::nullopt;
    wire[length_at] = static_cast<char>(length);
    if (!presentation.empty()) presentation.remove_prefix(1);  // the dot; after a final dot the loop ends
  }
  wire += '\0';
  return Name(std::move(wire));
}

std::optional<Name> Name::parse_wire(Bytes bytes) {
  QuestionName name;
  if (!name.read(bytes)) return std::nullopt;
  return Name(std::string(reinterpret_cast<const char*>(bytes.data()), name.size));
}

std::optional<Name> Name::join(std::string_view label, const Name& parent) {
  if (label.empty() || label.size() > k_label_bytes_max) return std::nullopt;
  if (1 + label.size() + parent.wire_.size() > k_name_bytes_max) return std::nullopt;
  std::string wire(1, static_cast<char>(label.size()));
  wire += label;
  wire += parent.wire_;
  return Name(std::move(wire));
}

std::string Name::folded_wire() const { return folded(wire_); }

std::size_t Name::label_count() const { return label_offsets(wire_).size() - 1; }

Name Name::parent() const {
  check(!is_root(), "the root has no parent");
  return Name(wire_.substr(1U + static_cast<std::uint8_t>(wire_.front())));
}

std::string_view Name::first_label() const {
  check(!is_root(), "the root has no label");
  return std::string_view(wire_).substr(1, static_cast<std::uint8_t>(wire_.front()));
}

bool Name::is_within(const Name& ancestor) const {
  if (ancestor.wire_.size() > wire_.size()) return false;
  const std::size_t at = wire_.size() - ancestor.wire_.size();
  const std::vector<std::size_t> offsets = label_offsets(wire_);
  return std::ranges::binary_search(offsets, at) &&
         folded(std::string_view(wire_).substr(at)) == folded(ancestor.wire_);
}

std::string Name::text() const {
  if (is_root()) return ".";
  std::string text;
  std::size_t at = 0;
  while (const auto length = static_cast<std::uint8_t>(wire_[at])) {
    for (const char octet : std::string_view(wire_).substr(at + 1, length)) append_escaped(text, octet);
    text += '.';
    at += 1U + length;
  }
  return text;
}

std::string Name::text_without_dot() const {
  std::string text = this->text();
  if (text.size() > 1) text.pop_back();
  return text;
}

bool operator==(const Name& a, const Name& b) { return folded(a.wire_) == folded(b.wire_); }

std::weak_ordering operator<=>(const Name& a, const Name& b) {
  const std::string wire_a = folded(a.wire_);
  const std::string wire_b = folded(b.wire_);
  const std::vector<std::size_t> at_a = label_offsets(wire_a);
  const std::vector<std::size_t> at_b = label_offsets(wire_b);
  // Compare label by label, from the right, as unsigned octets.
  for (std::size_t i = 2; i <= std::min(at_a.size(), at_b.size()); ++i) {
    const std::size_t from_a = at_a[at_a.size() - i];
    const std::size_t from_b = at_b[at_b.size() - i];
    const std::string_view label_a =
        std::string_view(wire_a).substr(from_a + 1, static_cast<std::uint8_t>(wire_a[from_a]));
    const std::string_view label_b =
        std::string_view(wire_b).substr(from_b + 1, static_cast<std::uint8_t>(wire_b[from_b]));
    if (const int order = label_a.compare(label_b); order != 0) {
      return order < 0 ? std::weak_ordering::less : std::weak_ordering::greater;
    }
  }
  return at_a.size() <=> at_b.size();
}

bool QuestionName::read(Bytes bytes) {
  std::size_t at = 0;
  std::size_t count = 0;
  while (true) {
    if (at >= bytes.size() || at >= k_name_bytes_max) return false;
    const std::uint8_t length = bytes[at];
    label_offset[count] = static_cast<std::uint8_t>(at);
    folded[at] = length;
    if (length == 0) break;
    if (length > k_label_bytes_max) return false;  // a compression pointer, or an obsolete label type (RFC 6891 §5)
    const std::size_t end = at + 1 + length;
    if (end >= bytes.size() || end >= k_name_bytes_max) return false;
    for (std::size_t i = at + 1; i < end; ++i) folded[i] = fold(bytes[i]);
    at = end;
    ++count;
  }
  size = static_cast<std::uint8_t>(at + 1);
  labels = static_cast<std::uint8_t>(count);
  return true;
}

}  // namespace rollcall::dns
