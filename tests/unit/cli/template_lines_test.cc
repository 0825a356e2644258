#include "tools/rollcall/template_lines.h"

#include "catch.h"

namespace rollcall::cli {
namespace {

std::string lines(std::string_view text) { return show_lines(hide_lines(text)); }

TEST_CASE("a line that holds only a tag is no line") {
  CHECK(lines("a\n{{#x}}\nb\n  {{/x}}  \nc\n") == "a\n{{#x}}b\n{{/x}}c\n");
  CHECK(lines("{{! a remark }}\n{{^x}}\r\n") == "{{! a remark }}{{^x}}");
  CHECK(lines("{{/x}}") == "{{/x}}");
}

TEST_CASE("a line with anything beside its tag, or with a tag that prints, stays") {
  for (const char* text :
       {"{{#x}} a\n", "{{#x}}{{/x}}\n", "{{x}}\n", "{{{x}}}\n", "{{&x}}\n", "\n\n", "a", "", "{{}}\n"}) {
    INFO(text);
    CHECK(lines(text) == text);
  }
}

TEST_CASE("tags are known by the delimiters of their place") {
  CHECK(lines("{{=<% %>=}}\n<%#x%>\n{{#x}}\n<%/x%>\n") == "{{=<% %>=}}<%#x%>{{#x}}\n<%/x%>");
  CHECK(lines("a {{=| |=}} b\n|#x|\n|/x|\n|={{ }}=|\n{{#y}}\n") == "a {{=| |=}} b\n|#x||/x||={{ }}=|{{#y}}");
}

}  // namespace
}  // namespace rollcall::cli
