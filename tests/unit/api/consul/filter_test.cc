// The language of ?filter=.
#include <map>

#include "api/consul/filter/expression.h"
#include "catch.h"

namespace rollcall::api::consul::filter_tests {
namespace {

enum Id : unsigned { name, port, is_on, tags, meta, status };
constexpr FilterField k_fields[] = {
    {"Service.Name", FieldKind::text, name}, {"Port", FieldKind::number, port},
    {"On", FieldKind::truth, is_on},         {"Tags", FieldKind::texts, tags},
    {"Meta", FieldKind::map, meta},          {"Checks.Status", FieldKind::text, status, true},
};

class Thing final : public FilterSource {
 public:
  void read(unsigned field, std::string_view key, FieldValues& into) const override {
    switch (field) {
      case name: return into.add("web");
      case port: return into.add_owned(std::to_string(8080));
      case is_on: return into.add("true");
      case tags:
        for (const char* tag : {"v1", "not"}) into.add(tag);
        return;
      case meta:
        for (const auto& [each, value] : meta_of()) {
          if (key.empty()) into.add(each);
          if (key == each) into.add(value);
        }
        return;
      default:
        for (const std::string& each : states) into.add(each);
    }
  }
  static const std::map<std::string, std::string>& meta_of() {
    static const std::map<std::string, std::string> all{{"env", "prod"}, {"a.b", "dotted"}, {"none", ""}};
    return all;
  }
  std::vector<std::string> states{"passing", "critical"};
};

bool holds(std::string_view text, const Thing& thing = {}) {
  const Result<Filter> filter = Filter::compile(text, k_fields);
  INFO(text);
  if (!filter) FAIL(filter.error().message);
  return filter->matches(thing);
}
std::string fault(std::string_view text) {
  const Result<Filter> filter = Filter::compile(text, k_fields);
  return filter ? "none" : filter.error().message;
}

TEST_CASE("filter: every operator, and its opposite") {
  for (const char* yes : {R"(Service.Name == "web")",
                          "Service.Name==web",
                          "Service.Name != `db`",
                          "Port == 8080",
                          "On == true",
                          "v1 in Tags",
                          R"(Tags contains "v1")",
                          "v2 not in Tags",
                          "Tags not contains v2",
                          R"(Service.Name matches "^w.b$")",
                          "Service.Name not matches `x`",
                          "Tags is not empty",
                          R"(Meta["env"] == prod)",
                          "Meta.env == prod",
                          R"(Meta["a.b"] == dotted)",
                          "Meta.a.b == dotted",
                          "env in Meta",
                          "Meta contains env",
                          "Meta is not empty",
                          R"("e" in Service.Name)",
                          "Service.Name contains eb",
                          "not in Tags",
                          "not not in Tags or v1 in Tags"}) {
    CHECK(holds(yes));
  }
  for (const char* no : {"Service.Name == db", "Port != 8080", "v1 not in Tags", "Tags is empty",
                         "Service.Name is empty", "x in Meta", "not v1 in Tags"})
    CHECK_FALSE(holds(no));
}

TEST_CASE("filter: a key that a map lacks is equal to nothing, and empty") {
  CHECK_FALSE(holds("Meta.gone == prod"));
  CHECK_FALSE(holds("Meta.gone matches `.*`"));
  CHECK_FALSE(holds("x in Meta.gone"));
  CHECK_FALSE(holds("Meta.gone is not empty"));
  CHECK(holds("Meta.gone != prod"));
  CHECK(holds("Meta.gone not matches `.*`"));
  CHECK(holds("x not in Meta.gone"));
  CHECK(holds("Meta.gone is empty"));
  CHECK(holds("Meta.none is empty"));
}

TEST_CASE("filter: of several checks one that fits is enough") {
  CHECK(holds("Checks.Status == passing"));
  CHECK(holds("Checks.Status != passing"));
  CHECK_FALSE(holds("Checks.Status == warning"));
  Thing without;
  without.states.clear();
  CHECK_FALSE(holds("Checks.Status != passing", without));
}

TEST_CASE("filter: not binds before and, and that before or; parentheses before all") {
  CHECK(holds("Port == 1 and Port == 2 or On == true"));
  CHECK(holds("On == true or Port == 1 and Port == 2"));
  CHECK_FALSE(holds("(On == true or Port == 1) and Port == 2"));
  CHECK(holds("not Port == 1 and On == true"));
  CHECK_FALSE(holds("not (Port == 1 or On == true)"));
  CHECK(holds("not not On == true"));
}

TEST_CASE("filter: texts in quotes have escapes, in back quotes none") {
  CHECK(holds(R"(Service.Name != "a\"b")"));
  CHECK(fault(R"(Service.Name == "a)") == "Invalid filter: at character 17: this quote has no end");
  CHECK(holds(R"(Service.Name matches `^\w+$`)"));
}

TEST_CASE("filter: a fault says where it is") {
  CHECK(fault("") == "Invalid filter: at character 1: expected a selector, not the end");
  CHECK(fault("Nothing == 1") == "Invalid filter: at character 1: Selector \"Nothing\" is not valid");
  CHECK(fault("Port = 1") == "Invalid filter: at character 6: there is == and !=");
  CHECK(fault("Port == 1 Port") == "Invalid filter: at character 11: expected and, or, or the end, not \"Port\"");
  CHECK(fault("(Port == 1") == "Invalid filter: at character 11: expected ), not the end");
  CHECK(fault("Meta == x").starts_with("Invalid filter: at character 1: this operator does not fit"));
  CHECK(fault("Port contains 1").starts_with("Invalid filter: at character 1: this operator does not fit"));
  CHECK(fault("Service.Name matches \"(\"").starts_with("Invalid filter: at character 1: this pattern is not valid: "));
  CHECK(fault("Port is full") == "Invalid filter: at character 9: expected empty, not \"full\"");
}

TEST_CASE("filter: depth, length and comparisons are bounded") {
  CHECK(fault(std::string(1000, '(')).ends_with("this is nested too deep"));
  std::string nots;
  for (int i = 0; i < 200; ++i) nots += "not ";
  CHECK(fault(nots + "On == true").ends_with("this is nested too deep"));
  CHECK(fault("Port == " + std::string(5000, '1')).ends_with("this is too long"));
  std::string many = "Port == 1";
  for (int i = 0; i < 200; ++i) many += " or Port==1";
  CHECK(fault(many).ends_with("this has too many comparisons"));
  CHECK_FALSE(holds("Service.Name matches `(a*)*b(((x+)+)+)+$`"));
}

}  // namespace
}  // namespace rollcall::api::consul::filter_tests
