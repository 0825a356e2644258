// The man pages, from the text of --help (roff, man macros: man(7)).
#include <fmt/format.h>

#include "ops/version.h"
#include "tools/rollcall/help.h"
#include "tools/rollcall/texts.h"

namespace rollcall::cli {
namespace {

// Text that roff leaves as it is.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char octet : text) {
    if (octet == '\\') {
      out += "\\e";
    } else if (octet == '-') {
      out += "\\-";
    } else if ((octet == '.' || octet == '\'') && (out.empty() || out.back() == '\n')) {
      out += "\\&";
      out += octet;
    } else {
      out += octet;
    }
  }
  return out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& octet : out) octet = octet >= 'a' && octet <= 'z' ? static_cast<char>(octet - 'a' + 'A') : octet;
  return out;
}

std::string heading(std::string_view page, std::string_view name, std::string_view summary) {
  return fmt::format(".TH {} 1 \"\" \"rollcall {}\" \"Rollcall\"\n.SH NAME\n{} \\- {}\n", upper(page), ops::k_version,
                     escaped(name), escaped(summary));
}

// Lines that begin with a blank stay as they are; an empty line begins a paragraph.
std::string roff_prose(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    out += line.empty() ? ".PP\n" : escaped(line) + "\n";
  }
  return out;
}

std::string option_page(const Options& options) {
  std::string text;
  for (const Option& option : options.all()) {
    text += ".TP\n";
    if (option.is_argument) {
      text += fmt::format("\\fI{}\\fR{}\n", escaped(option.shape), option.is_repeatable ? "..." : "");
    } else {
      text += fmt::format("\\fB{}\\fR", escaped(option.name));
      text += option.shape.empty() ? "\n" : fmt::format(" \\fI{}\\fR\n", escaped(option.shape));
    }
    text += escaped(option.meaning);
    if (!option.choices.empty()) text += fmt::format(": {}", fmt::join(option.choices, ", "));
    if (option.is_repeatable && !option.is_argument) text += "; may be given several times";
    text += option.is_required && !option.is_argument ? "; required.\n" : ".\n";
  }
  return text;
}

std::string verbatim(std::string_view text) { return fmt::format(".nf\n{}.fi\n", escaped(text)); }

}  // namespace

std::string manual() {
  std::string text = heading("rollcall", "rollcall", k_purpose);
  text += ".SH SYNOPSIS\n\\fBrollcall\\fR [\\fIOPTION\\fR...] \\fICOMMAND\\fR [\\fIARGUMENT\\fR...]\n.SH COMMANDS\n";
  for (const Command* command : commands()) {
    text += fmt::format(".TP\n\\fB{}\\fR\n{}.\n", escaped(command->name), escaped(command->summary));
  }
  text += ".SH OPTIONS OF EVERY COMMAND\n" + option_page(options_of(nullptr, true));
  text += ".SH ENVIRONMENT\n" + verbatim(k_environment) + ".SH EXIT STATUS\n" + verbatim(k_exit_codes);
  text += ".SH EXAMPLES\n" + verbatim(k_first_examples) + ".SH SEE ALSO\n";
  std::string separator;
  for (const Command* command : commands()) {
    text += fmt::format("{}\\fBrollcall\\-{}\\fR(1)", separator, escaped(command->name));
    separator = ", ";
  }
  return text + "\n";
}

std::string manual_of(const Command& command) {
  const std::string page = fmt::format("rollcall-{}", command.name);
  std::string text = heading(page, page, command.summary);
  text += fmt::format(".SH SYNOPSIS\n\\fBrollcall {}\\fR {}\n", escaped(command.name), escaped(command.synopsis));
  text += ".SH DESCRIPTION\n" + roff_prose(command.description);
  if (const Options own = options_of(&command, false); !own.all().empty()) text += ".SH OPTIONS\n" + option_page(own);
  text += ".PP\nThe options of every command are in \\fBrollcall\\fR(1), and so are the exit codes.\n";
  if (!command.examples.empty()) text += ".SH EXAMPLES\n";
  for (const Example& example : command.examples) {
    text += fmt::format(".TP\n{}:\n\\fB{}\\fR\n", escaped(example.meaning), escaped(example.line));
  }
  return text + ".SH SEE ALSO\n\\fBrollcall\\fR(1)\n";
}

}  // namespace rollcall::cli
