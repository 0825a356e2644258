// Random small zones, asked everything, against a reference that follows the text of the RFCs word by word and looks
// through the whole list of records at every step.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "answer/zone/static_zone.h"
#include "base/random.h"
#include "catch.h"

namespace rollcall::answer {
namespace {

using dns::Type;

// Labels from the first to the last below the apex: {"a", "b"} is a.b.<apex>, {} the apex.
using Labels = std::vector<std::string>;

struct Row {
  Labels owner;
  Type type;
  std::string rdata;
};

constexpr std::string_view k_apex_text = "z.test.";
constexpr std::array<std::string_view, 4> k_labels = {"a", "b", "c", "*"};

std::string text_of(const Labels& labels) {
  std::string text;
  for (const std::string& label : labels) text += label + ".";
  return text + std::string(k_apex_text);
}

bool is_within(const Labels& name, const Labels& ancestor) {
  return name.size() >= ancestor.size() && std::equal(ancestor.rbegin(), ancestor.rend(), name.rbegin());
}

Labels parent_of(const Labels& name) { return {name.begin() + 1, name.end()}; }

class Reference {
 public:
  explicit Reference(std::vector<Row> rows) : rows_(std::move(rows)) {}

  bool has(const Labels& owner, Type type) const {
    return std::ranges::any_of(rows_, [&](const Row& row) { return row.owner == owner && row.type == type; });
  }

  // RFC 4592 2.2.2: a name exists when it, or a name below it, owns a record.
  bool exists(const Labels& name) const {
    return std::ranges::any_of(rows_, [&](const Row& row) { return is_within(row.owner, name); });
  }

  bool is_legal() const {
    for (const Row& row : rows_) {
      const auto count = [&](Type type) { return rdatas(row.owner, type).size(); };
      const bool only_aliases = std::ranges::all_of(
          rows_, [&](const Row& other) { return other.owner != row.owner || other.type == Type::cname; });
      if (count(Type::cname) > 1 || (count(Type::cname) == 1 && !only_aliases)) return false;  // RFC 2181 10.1
      if (count(Type::dname) > 1) return false;                                                // RFC 6672 2.4
      if (count(Type::dname) > 0 && count(Type::ns) > 0 && !row.owner.empty()) return false;   // RFC 6672 2.3
      const bool wildcard = !row.owner.empty() && row.owner.front() == "*";
      if (wildcard && count(Type::ns) + count(Type::dname) > 0) return false;  // RFC 4592 4.2, 4.4
      for (Labels above = row.owner; !above.empty();) {
        above = parent_of(above);
        if (has(above, Type::dname)) return false;  // RFC 6672 2.4
      }
    }
    return true;
  }

  std::string answer(const Labels& qname, Type qtype) const {
    // RFC 1034 4.3.2 step 3: down from the apex, label by label.
    for (std::size_t count = 0; count <= qname.size(); ++count) {
      const Labels name(qname.end() - static_cast<std::ptrdiff_t>(count), qname.end());
      const bool whole = count == qname.size();
      // b: out of the authoritative data; RFC 4035 3.1.4.1: except for the DS at the cut.
      if (!name.empty() && has(name, Type::ns) && !(whole && qtype == Type::ds)) {
        return "delegation " + describe(name, Type::ns);
      }
      // RFC 6672 3.2: the last label does not match yet, and there is a DNAME.
      if (!whole && has(name, Type::dname)) return "redirect " + describe(name, Type::dname);
    }
    // a: the whole of QNAME is matched.
    if (exists(qname)) return at(qname, qtype, "");
    // c: the closest encloser, and the asterisk below it (RFC 4592 3.3.1).
    Labels encloser = qname;
    while (!exists(encloser)) encloser = parent_of(encloser);
    Labels source = encloser;
    source.insert(source.begin(), "*");
    return exists(source) ? at(source, qtype, " (wildcard)") : "nxdomain";
  }

 private:
  std::set<std::string> rdatas(const Labels& owner, Type type) const {
    std::set<std::string> found;
    for (const Row& row : rows_) {
      if (row.owner == owner && row.type == type) found.insert(row.rdata);
    }
    return found;
  }

  std::string describe(const Labels& owner, Type type, std::string_view note = "") const {
    std::string text = text_of(owner) + std::string(note) + " " + dns::type_text(type);
    for (const std::string& rdata : rdatas(owner, type)) text += " " + rdata;
    return text;
  }

  std::string at(const Labels& owner, Type qtype, std::string_view note) const {
    const bool empty = std::ranges::none_of(rows_, [&](const Row& row) { return row.owner == owner; });
    if (qtype == Type::any) return (empty ? "nodata " : "hit ") + text_of(owner) + std::string(note);
    if (has(owner, qtype)) return "hit " + describe(owner, qtype, note);
    if (has(owner, Type::cname)) return "alias " + describe(owner, Type::cname, note);
    return "nodata " + text_of(owner) + std::string(note);
  }

  std::vector<Row> rows_;
};

std::string describe(const StaticAnswer& answer) {
  constexpr std::array<std::string_view, 7> k_words = {"hit",   "nodata",   "nxdomain",   "delegation",
                                                       "alias", "redirect", "unavailable"};
  std::string text(k_words[static_cast<std::size_t>(answer.found)]);
  if (answer.node != nullptr) text += " " + answer.node->owner.text();
  if (answer.wildcard) text += " (wildcard)";
  if (answer.rrset == nullptr) return text;
  text += " " + dns::type_text(answer.rrset->type);
  std::set<std::string> rdatas;
  for (const std::string& rdata : answer.rrset->rdatas) rdatas.insert(dns::rdata_text(answer.rrset->type, rdata));
  for (const std::string& rdata : rdatas) text += " " + rdata;
  return text;
}

Labels random_name(Random& random, std::uint32_t deepest) {
  Labels name(random.below(deepest + 1));
  for (std::string& label : name) label = k_labels[random.below(k_labels.size())];
  return name;
}

std::string random_rdata(Random& random, Type type) {
  const std::string number = std::to_string(random.below(3));
  switch (type) {
    case Type::a: return "192.0.2." + number;
    case Type::txt: return "\"" + number + "\"";
    case Type::ds: return "1 8 99 aa0" + number;
    default: return "t" + number + ".example.";
  }
}

std::vector<Row> random_rows(Random& random) {
  // The rarer the types that forbid others, the more zones are legal.
  constexpr std::array<Type, 12> k_drawn = {Type::a,   Type::a,   Type::a,     Type::a,     Type::txt, Type::txt,
                                            Type::txt, Type::txt, Type::cname, Type::dname, Type::ns,  Type::ds};
  std::vector<Row> rows = {{{}, Type::soa, "ns.example. h.example. 1 2 3 4 5"}, {{}, Type::ns, "ns.example."}};
  const std::uint32_t count = 1 + random.below(9);
  for (std::uint32_t i = 0; i < count; ++i) {
    const Type type = k_drawn[random.below(k_drawn.size())];
    rows.push_back({random_name(random, 4), type, random_rdata(random, type)});
  }
  return rows;
}

Result<StaticZone> build(const std::vector<Row>& rows) {
  const dns::Name apex = *dns::Name::parse(k_apex_text);
  std::string text = "$TTL 5\n";
  for (const Row& row : rows) text += text_of(row.owner) + " " + dns::type_text(row.type) + " " + row.rdata + "\n";
  UNSCOPED_INFO(text);
  auto file = dns::parse_zone(text, apex, "random");
  if (!file) return std::unexpected(file.error());
  return StaticZone::build(std::move(*file));
}

void ask_everything(const StaticZone& zone, const Reference& reference, Random& random) {
  for (int question = 0; question < 40; ++question) {
    const Labels qname = random_name(random, 5);
    const std::string name = text_of(qname);
    dns::QuestionName wire;
    const bool read = wire.read(dns::Name::parse(name)->wire());
    REQUIRE(read);
    for (const Type type : {Type::a, Type::txt, Type::cname, Type::dname, Type::ns, Type::ds, Type::soa, Type::any}) {
      const std::string expected = reference.answer(qname, type);
      const std::string found = describe(zone.look_up(wire, type));
      if (found == expected) continue;  // an assertion for each would take most of the test's time
      INFO(name << " " << dns::type_text(type));
      CHECK(found == expected);
    }
  }
}

TEST_CASE("random zones are answered as the text of the RFCs answers them") {
  const std::uint64_t seed = Random::from_system().next();
  CAPTURE(seed);
  Random random(seed);
  std::size_t legal = 0;
  for (int round = 0; round < 1000; ++round) {
    const std::vector<Row> rows = random_rows(random);
    const Reference reference(rows);
    const Result<StaticZone> zone = build(rows);
    REQUIRE(zone.has_value() == reference.is_legal());
    if (!zone) continue;
    ++legal;
    ask_everything(*zone, reference, random);
  }
  CHECK(legal > 300);
}

}  // namespace
}  // namespace rollcall::answer
