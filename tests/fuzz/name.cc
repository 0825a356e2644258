#include "dns/name.h"

#include <algorithm>
#include <optional>

#include "fuzz/targets.h"

namespace rollcall::fuzz {
namespace {

using dns::Name;

void expect_sound(const Name& name) {
  expect(name.wire().size() <= 255, "a name has 255 octets at most");
  expect(name.label_count() <= 127, "a name has 127 labels at most");
  const std::optional<Name> from_text = Name::parse(name.text());
  expect(from_text && std::ranges::equal(from_text->wire(), name.wire()), "what is written is read back");
  const std::optional<Name> from_wire = Name::parse_wire(name.wire());
  expect(from_wire && std::ranges::equal(from_wire->wire(), name.wire()), "a name's wire form is a name");
  dns::QuestionName question;
  expect(question.read(name.wire()), "a name can be asked for");
  expect(question.size == name.wire().size() && question.labels == name.label_count(), "both readers see the same");
  expect(question.suffix(0) == name.folded_wire(), "both fold alike");
  expect(name.is_within(name) && name.is_within(Name()), "a name is within itself and the root");
  expect((name <=> name) == 0, "a name is not before itself");
  if (name.is_root()) return;
  const Name parent = name.parent();
  expect(name.is_within(parent) && !parent.is_within(name), "a name is within what is above it, not the reverse");
  expect(parent < name, "a name comes after what is above it");
  const std::optional<Name> joined = Name::join(name.first_label(), parent);
  expect(joined && std::ranges::equal(joined->wire(), name.wire()), "a label put back makes the same name");
}

std::optional<Name> read_name(Bytes octets) {
  const std::optional<Name> from_wire = Name::parse_wire(octets);
  const std::optional<Name> from_text = Name::parse(text_of(octets));
  if (from_wire) expect_sound(*from_wire);
  if (from_text) expect_sound(*from_text);
  return from_wire ? from_wire : from_text;
}

}  // namespace

void name(Bytes input) {
  const std::optional<Name> a = read_name(input.first(input.size() / 2));
  const std::optional<Name> b = read_name(input.subspan(input.size() / 2));
  if (!a || !b) return;
  expect((*a < *b) == (*b > *a), "an order has two sides");
  expect(((*a <=> *b) == 0) == (*a == *b), "neither before the other means equal");
  expect((*a == *b) == (a->folded_wire() == b->folded_wire()), "equal names fold to the same octets");
  expect(!(a->is_within(*b) && b->is_within(*a)) || *a == *b, "two names within each other are one");
}

}  // namespace rollcall::fuzz
