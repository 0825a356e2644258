#include <string>

#include "api/consul/filter/expression.h"
#include "fuzz/targets.h"

namespace rollcall::fuzz {
namespace consul_filters {
namespace {

using api::consul::FieldKind;
using api::consul::FieldValues;
using api::consul::Filter;
using api::consul::FilterField;
using api::consul::FilterSource;

enum Id : unsigned { name, port, tags, meta, status };
constexpr FilterField k_fields[] = {{"Name", FieldKind::text, name},
                                    {"Port", FieldKind::number, port},
                                    {"Service.Tags", FieldKind::texts, tags},
                                    {"Meta", FieldKind::map, meta},
                                    {"Checks.Status", FieldKind::text, status, true}};

class Thing final : public FilterSource {
 public:
  void read(unsigned field, std::string_view key, FieldValues& into) const override {
    switch (field) {
      case name: return into.add("web");
      case port: return into.add_owned("8080");
      case tags: into.add("v1"); return into.add("blue");
      case meta:
        if (key.empty() || key == "env") into.add(key.empty() ? "env" : "prod");
        return;
      default: into.add("passing"); into.add("critical");
    }
  }
};

}  // namespace
}  // namespace consul_filters

void consul_filter(Bytes input) {
  using namespace consul_filters;
  const std::string text(text_of(input));
  const Result<Filter> filter = Filter::compile(text, k_fields);
  if (!filter) {
    expect(filter.error().code == Errc::invalid, "a filter that is wrong is Errc::invalid");
    expect(filter.error().message.starts_with("Invalid filter: at character "), "a fault says where it is");
    expect(filter.error().message.size() < 4 * api::consul::k_filter_bytes_max, "a fault is a sentence");
    return;
  }
  const bool is_so = filter->matches(Thing());
  if (text.size() + 6 > api::consul::k_filter_bytes_max) return;
  // The opposite of all of it is the opposite, as far as it is not nested too deep.
  const Result<Filter> opposite = Filter::compile("not (" + text + ")", k_fields);
  if (opposite) expect(opposite->matches(Thing()) != is_so, "not is the opposite");
}

}  // namespace rollcall::fuzz
