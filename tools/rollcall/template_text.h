// A Mustache template that is rendered with the roll as its data.
//
// Shape    parse() also renders the template with sample data, with and without instances. So an unknown variable is
//          reported at once, and not later when its section is first used.
// Safety   Prevents injection into configuration files: ids and meta of services are untrusted input. {{name}} prints
//          letters, digits and -._~:/@+,=[] as they are and every other octet as %XX, so a value can end no line, quote
//          or block of a configuration. {{{name}}} prints the value itself; control characters are %XX even so. Nothing
//          is escaped for HTML.
// Threads  values; one thread at a time.
// Failure  Errc::malformed; the message names the file, and the line of an unclosed section or tag, or the unknown
//          variable.
// Source   mustache(5); docs/templates.md has the names.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tools/rollcall/roll.h"

namespace rollcall::cli {

class TemplateText {
 public:
  // `file` is used only in error messages.
  [[nodiscard]] static Result<TemplateText> parse(const std::string& text, std::string file);
  TemplateText(TemplateText&&) noexcept;
  TemplateText& operator=(TemplateText&&) noexcept;
  ~TemplateText();

  [[nodiscard]] Result<std::string> render(const Roll& roll) const;

 private:
  struct Impl;
  explicit TemplateText(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall::cli
