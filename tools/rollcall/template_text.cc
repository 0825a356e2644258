#include "tools/rollcall/template_text.h"

#include <algorithm>
#include <fmt/format.h>
#include <kainjow/mustache.hpp>
#include <map>
#include <optional>
#include <sstream>

#include "tools/rollcall/template_lines.h"
#include "tools/rollcall/template_names.h"

namespace rollcall::cli {
namespace {

namespace mustache = kainjow::mustache;
constexpr std::string_view k_plain = "-._~:/@+,=[]";

// In trial mode every instance has every tag and every meta key, so that every section is checked.
enum class Mode : std::uint8_t { real, trial };

// Looks up variables, and records the first unknown one. Values are built on first use, and cached.
class Names : public mustache::basic_context<std::string> {
 public:
  Names(const Roll& roll, Mode mode) : roll_(roll), mode_(mode), zone_(roll.empty() ? "" : roll.begin()->second.zone) {}

  void push(const TemplateValue* value) override { stack_.push_back(value); }
  void pop() override { stack_.pop_back(); }

  const TemplateValue* get(const std::string& name) const override {
    if (name == ".") return stack_.empty() ? nullptr : stack_.back();
    if (name == "services") return &services();
    if (name.starts_with("service.")) return part_of_service(name.substr(std::string_view("service.").size()));
    if (name.starts_with("tags.")) return member_of("tags", name);
    if (name.starts_with("meta.")) return member_of("meta", name);
    if (const TemplateValue* found = innermost(name)) return found;
    return unknown(name);
  }
  const TemplateValue* get_partial(const std::string& name) const override { return unknown("> " + name); }

  [[nodiscard]] const std::string& first_unknown() const { return unknown_; }

 private:
  const TemplateValue* unknown(const std::string& name) const {
    if (unknown_.empty()) unknown_ = name.empty() ? " " : name;
    return nullptr;
  }

  const TemplateValue* innermost(const std::string& name) const {
    for (auto value = stack_.rbegin(); value != stack_.rend(); ++value) {
      if (const TemplateValue* found = (*value)->get(name)) return found;
    }
    return nullptr;
  }

  // "tags.blue", "meta.build.number": all text after the first dot is one key. A key that an instance does not have is
  // not an error.
  const TemplateValue* member_of(const char* object, const std::string& name) const {
    const TemplateValue* found = innermost(object);
    if (found == nullptr) return unknown(name);
    if (mode_ == Mode::trial) return &sample_member_;
    return found->get(name.substr(std::string_view(object).size() + 1));
  }

  // "web", "web.count". A service that is not on the roll is not an error: it has no instances.
  const TemplateValue* part_of_service(const std::string& path) const {
    const std::string name = path.substr(0, path.find('.'));
    const TemplateValue& service = this->service(name);
    if (name.size() == path.size()) return &service;
    const TemplateValue* part = service.get(path.substr(name.size() + 1));
    return part == nullptr ? unknown("service." + path) : part;
  }

  const TemplateValue& service(const std::string& name) const {
    auto known = built_.find(name);
    if (known == built_.end()) {
      const auto found = roll_.find(name);
      known = built_.emplace(name, found == roll_.end() ? name_empty_service(name, zone_) : name_service(found->second))
                  .first;
    }
    return known->second;
  }

  const TemplateValue& services() const {
    if (services_) return *services_;
    services_.emplace(TemplateValue::type::list);
    for (auto at = roll_.begin(); at != roll_.end(); ++at) {
      TemplateValue value = name_service(at->second);
      value["first"] = TemplateValue(at == roll_.begin());
      value["last"] = TemplateValue(std::next(at) == roll_.end());
      services_->push_back(value);
    }
    return *services_;
  }

  const Roll& roll_;
  Mode mode_;
  std::string zone_;
  TemplateValue sample_member_{"sample"};
  std::vector<const TemplateValue*> stack_;
  // mutable: get() is const in the library's interface, and these are only caches.
  mutable std::map<std::string, TemplateValue> built_;
  mutable std::optional<TemplateValue> services_;
  mutable std::string unknown_;
};

std::string encode(const std::string& text) {
  std::string encoded;
  for (const char c : text) {
    const bool is_plain =
        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || k_plain.contains(c);
    if (is_plain) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

// The library reports an offset in octets ("… at 17"); converts it to a line number.
std::string with_line(const std::string& message, std::string_view text) {
  const std::size_t at = message.rfind(" at ");
  if (at == std::string::npos) return message;
  const std::size_t offset = std::min<std::size_t>(std::strtoul(message.c_str() + at + 4, nullptr, 10), text.size());
  return fmt::format("{} in line {}", message.substr(0, at), 1 + std::ranges::count(text.substr(0, offset), '\n'));
}

// One instance of every kind there is: ready and not, of both protocols, in reserve, with both families, tags and meta.
std::vector<Instance> sample_instances() {
  std::vector<Instance> samples;
  for (const auto& [status, protocol] :
       {std::pair("ready", "tcp"), std::pair("ready", "tcp"), std::pair("ready", "udp"), std::pair("ready", "udp"),
        std::pair("draining", "tcp"), std::pair("critical", "tcp")}) {
    Instance instance;
    instance.label = instance.id = fmt::format("sample-{}", samples.size());
    instance.status = status;
    instance.addresses = {"192.0.2.1", "2001:db8::1"};
    instance.port = 80;
    instance.protocol = protocol;
    instance.priority = static_cast<std::uint16_t>(1 + samples.size());
    instance.tags = {"sample"};
    instance.meta = {{"sample", "sample"}};
    samples.push_back(std::move(instance));
  }
  return samples;
}

// Sample services: every name after "service." in the template, and one more. Extra services do no harm.
Roll sample_roll(const std::string& source) {
  Roll roll;
  roll["sample"] = {"sample", "sample", 1, sample_instances()};
  constexpr std::string_view prefix = "service.";
  for (std::size_t at = source.find(prefix); at != std::string::npos; at = source.find(prefix, at + 1)) {
    const std::size_t begin = at + prefix.size();
    const std::string name = source.substr(begin, source.find_first_of(". }\t\n", begin) - begin);
    roll[name] = {name, "sample", 1, sample_instances()};
  }
  return roll;
}

}  // namespace

struct TemplateText::Impl {
  // The library's render() is not const, though nothing of a template changes but its last error.
  mutable mustache::mustache text;
  std::string file;

  [[nodiscard]] Result<std::string> render(const Roll& roll, Mode mode) const {
    Names names(roll, mode);
    std::ostringstream out;
    text.render(names, out);
    if (names.first_unknown().empty()) return show_lines(std::move(out).str());
    return failure(Errc::malformed,
                   fmt::format("{}: {{{{{}}}}} is no name that is known there; docs/templates.md lists the names", file,
                               names.first_unknown()));
  }

  // Renders every section and every inverted section at least once.
  [[nodiscard]] Result<void> try_out(const std::string& source) const {
    for (const auto& [roll, mode] :
         {std::pair{sample_roll(source), Mode::trial}, {sample_roll(source), Mode::real}, {Roll(), Mode::real}}) {
      if (const Result<std::string> rendered = render(roll, mode); !rendered) return std::unexpected(rendered.error());
    }
    return {};
  }
};

TemplateText::TemplateText(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TemplateText::TemplateText(TemplateText&&) noexcept = default;
TemplateText& TemplateText::operator=(TemplateText&&) noexcept = default;
TemplateText::~TemplateText() = default;

Result<TemplateText> TemplateText::parse(const std::string& text, std::string file) {
  // Parses the original text first, so that error messages have the right line numbers.
  mustache::mustache written(text);
  if (!written.is_valid()) {
    return failure(Errc::malformed, fmt::format("{}: {}", file, with_line(written.error_message(), text)));
  }
  if (text.contains(k_line_end)) {
    return failure(Errc::malformed, fmt::format("{}: it has control characters in it; a template is text", file));
  }
  auto impl = std::make_unique<Impl>(Impl{mustache::mustache(hide_lines(text)), std::move(file)});
  impl->text.set_custom_escape(encode);
  if (const Result<void> tried = impl->try_out(text); !tried) return std::unexpected(tried.error());
  return TemplateText(std::move(impl));
}

Result<std::string> TemplateText::render(const Roll& roll) const { return impl_->render(roll, Mode::real); }

}  // namespace rollcall::cli
