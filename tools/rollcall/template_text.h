// A template in the Mustache language, and what it is filled with: the roll.
//
// Shape    parse() also tries the template out, with and without instances, so that a name which templates do not know
//          is an error at once and not when the section it stands in is first used.
// Safety   What services write about themselves (ids, meta) comes from outside. {{name}} prints letters, digits and
//          -._~:/@+,=[] as they are and every other octet as %XX, so a value can end no line, quote or block of a
//          configuration. {{{name}}} prints the value itself; control characters are %XX even so. Nothing is
//          escaped for HTML.
// Threads  values; one thread at a time.
// Failure  Errc::malformed; the sentence names the file, the line of a section or tag that is not closed, and a name that
//          is not known where it stands.
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
  // `file` is for sentences only.
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
