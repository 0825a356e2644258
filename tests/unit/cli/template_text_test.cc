#include "tools/rollcall/template_text.h"

#include "catch.h"

namespace rollcall::cli {
namespace {

Instance instance(const std::string& id, const std::string& address, std::uint16_t port) {
  Instance made;
  made.id = made.label = id;
  made.status = "ready";
  made.addresses = {address};
  made.port = port;
  made.protocol = "tcp";
  return made;
}

Roll roll_of(std::vector<Instance> instances) {
  Roll roll;
  roll["web"] = {"web", "svc.internal", 7, std::move(instances)};
  return roll;
}

std::string render(const std::string& text, const Roll& roll) {
  const Result<TemplateText> parsed = TemplateText::parse(text, "t.tmpl");
  if (!parsed) return "parse: " + parsed.error().message;
  const Result<std::string> rendered = parsed->render(roll);
  return rendered ? *rendered : "render: " + rendered.error().message;
}

std::string error_of(const std::string& text) {
  const Result<TemplateText> parsed = TemplateText::parse(text, "t.tmpl");
  return parsed ? "no error" : parsed.error().message;
}

TEST_CASE("a service's ready instances are rendered, the best priority first and then by id") {
  Instance reserve = instance("a", "192.0.2.1", 8001);
  reserve.priority = 2;
  Instance draining = instance("b", "192.0.2.2", 8002);
  draining.status = "draining";
  const Roll roll = roll_of({reserve, draining, instance("c", "192.0.2.3", 8003), instance("d", "192.0.2.4", 8004)});
  CHECK(
      render(
          "{{#service.web.instances}}\n{{id}} {{endpoint}}{{#backup}} backup{{/backup}}\n{{/service.web.instances}}\n",
          roll) == "c 192.0.2.3:8003\nd 192.0.2.4:8004\na 192.0.2.1:8001 backup\n");
  CHECK(render("{{#service.web}}{{count}}:{{#all_instances}} {{id}}={{status}}{{/all_instances}}{{/service.web}}",
               roll) == "3: b=draining c=ready d=ready a=ready");
}

TEST_CASE("an instance that is not ready makes nobody a reserve") {
  Instance best = instance("a", "192.0.2.1", 1);
  best.status = "critical";
  Instance other = instance("b", "192.0.2.2", 2);
  other.priority = 5;
  CHECK(render("{{#service.web.instances}}{{id}}{{#backup}} backup{{/backup}}{{/service.web.instances}}",
               roll_of({best, other})) == "b");
}

TEST_CASE("all services are rendered by name, with separators between them") {
  Roll roll = roll_of({instance("a", "192.0.2.1", 1), instance("b", "2001:db8::1", 2)});
  roll["api"] = {"api", "svc.internal", 1, {}};
  CHECK(render("{{#services}}{{name}}[{{#instances}}{{endpoint}}{{^last}},{{/last}}{{/instances}}]{{^last}}; {{/last}}"
               "{{/services}}",
               roll) == "api[]; web[192.0.2.1:1,[2001:db8::1]:2]");
}

TEST_CASE("a service nobody has registered for has no instances") {
  CHECK(render("{{#service.gone}}{{name}}: {{count}}{{^has_instances}} none{{/has_instances}}{{/service.gone}}",
               roll_of({})) == "gone: 0 none");
}

TEST_CASE("the instances of a protocol are a list of their own, and what is relative is so within it") {
  Instance best = instance("a", "192.0.2.1", 53);
  best.protocol = "udp";
  best.priority = 0;
  best.weight = 65535;
  Instance udp = instance("b", "192.0.2.2", 53);
  udp.protocol = "udp";
  const Roll roll = roll_of({best, udp, instance("c", "192.0.2.3", 80)});
  constexpr const char* k_lines =
      "{{#service.web}}{{#tcp_instances}}{{id}} {{haproxy_weight}}{{#backup}} backup{{/backup}}{{^last}};{{/last}}"
      "{{/tcp_instances}}|{{#udp_instances}}{{id}} {{haproxy_weight}}{{#backup}} backup{{/backup}}{{^last}};{{/last}}"
      "{{/udp_instances}}{{#has_tcp_instances}} tcp{{/has_tcp_instances}}{{#has_udp_instances}} "
      "udp{{/has_udp_instances}}"
      "{{/service.web}}";
  CHECK(render(k_lines, roll) == "c 1|a 256;b 1 backup tcp udp");
  CHECK(render(k_lines, roll_of({instance("c", "192.0.2.3", 80)})) == "c 1| tcp");
  CHECK(error_of("{{#services}}{{#udp_instances}}{{nonsense}}{{/udp_instances}}{{/services}}") != "no error");
}

TEST_CASE("tags choose instances; one that nobody has chooses none") {
  Instance blue = instance("a", "192.0.2.1", 1);
  blue.tags = {"blue", "eu-west"};
  const Roll roll = roll_of({blue, instance("b", "192.0.2.2", 2)});
  CHECK(render("{{#service.web.instances}}{{id}}:{{#tags.blue}}blue{{/tags.blue}}{{^tags.green}}!green{{/tags.green}} "
               "{{/service.web.instances}}",
               roll) == "a:blue!green b:!green ");
  CHECK(render(
            "{{#service.web.instances}}{{#tag_list}}{{tag}}{{^last}},{{/last}}{{/tag_list}};{{/service.web.instances}}",
            roll) == "blue,eu-west;;");
}

TEST_CASE("meta is there by key, also by one with dots, and as a list") {
  Instance one = instance("a", "192.0.2.1", 1);
  one.meta = {{"build.number", "17"}, {"version", "1.2"}};
  const Roll roll = roll_of({one});
  CHECK(render("{{#service.web.instances}}{{meta.version}}/{{meta.build.number}}/{{meta.none}}"
               "{{#meta.version}} v{{.}}{{/meta.version}}{{/service.web.instances}}",
               roll) == "1.2/17/ v1.2");
  CHECK(render("{{#service.web.instances}}{{#meta_list}}{{key}}={{value}} {{/meta_list}}{{/service.web.instances}}",
               roll) == "build.number=17 version=1.2 ");
}

TEST_CASE("weights are rendered as each proxy takes them") {
  Instance none = instance("a", "192.0.2.1", 1);
  none.weight = 0;
  Instance some = instance("b", "192.0.2.2", 2);
  some.weight = 100;
  const std::string text =
      "{{#service.web.instances}}{{weight}}/{{nginx_weight}}/{{haproxy_weight}} {{/service.web.instances}}";
  CHECK(render(text, roll_of({none, some})) == "0/1/1 100/100/256 ");
  CHECK(render(text, roll_of({some})) == "100/100/100 ");
  CHECK(render(text, roll_of({none})) == "0/1/1 ");  // to HAProxy 0 would be nobody, even alone
  Instance most = instance("c", "192.0.2.3", 3);
  most.weight = 65535;
  CHECK(render(text, roll_of({none, some, most})) == "0/1/1 100/100/1 65535/65535/256 ");
}

TEST_CASE("what a service writes about itself ends no line and no block of a configuration") {
  Instance one = instance("a;}#\"'$x", "192.0.2.1", 1);
  one.meta = {{"note", "x;\n} server evil 50%"}};
  const Roll roll = roll_of({one});
  CHECK(render("{{#service.web.instances}}{{id}}{{/service.web.instances}}", roll) == "a%3B%7D%23%22%27%24x");
  CHECK(render("{{#service.web.instances}}{{meta.note}}{{/service.web.instances}}", roll) ==
        "x%3B%250A%7D%20server%20evil%2050%25");
  CHECK(render("{{#service.web.instances}}{{{meta.note}}}{{/service.web.instances}}", roll) ==
        "x;%0A} server evil 50%");
}

TEST_CASE("nothing is escaped for HTML") {
  Instance one = instance("a", "192.0.2.1", 1);
  one.meta = {{"path", "/a=b@c,d:e[0]"}, {"amp", "a&b<c"}};
  CHECK(render("{{#service.web.instances}}{{meta.path}} {{{meta.amp}}}{{/service.web.instances}}", roll_of({one})) ==
        "/a=b@c,d:e[0] a&b<c");
}

TEST_CASE("all addresses of an instance are rendered, and know their family") {
  Instance one = instance("a", "192.0.2.1", 80);
  one.addresses.emplace_back("2001:db8::1");
  CHECK(render("{{#service.web.instances}}{{#addresses}}{{#ipv6}}6 {{host}}{{/ipv6}}{{#ipv4}}4 {{host}}, "
               "{{/ipv4}}{{/addresses}}"
               "{{/service.web.instances}}",
               roll_of({one})) == "4 192.0.2.1, 6 [2001:db8::1]");
}

TEST_CASE("a name that templates do not know is an error at once, wherever it stands") {
  const std::string sentence = " is no name that is known there; docs/templates.md lists the names";
  CHECK(error_of("{{#service.web.instances}}{{adress}}{{/service.web.instances}}") == "t.tmpl: {{adress}}" + sentence);
  CHECK(error_of("{{port}}") == "t.tmpl: {{port}}" + sentence);
  CHECK(error_of("{{#services}}{{#instances}}{{#tags.x}}{{prot}}{{/tags.x}}{{/instances}}{{/services}}") ==
        "t.tmpl: {{prot}}" + sentence);
  CHECK(error_of("{{#services}}{{#all_instances}}{{#draining}}{{nope}}{{/draining}}{{/all_instances}}{{/services}}") ==
        "t.tmpl: {{nope}}" + sentence);
  CHECK(error_of("{{#service.web}}{{^instances}}{{nobody}}{{/instances}}{{/service.web}}") ==
        "t.tmpl: {{nobody}}" + sentence);
  CHECK(error_of("{{service.web.cuont}}") == "t.tmpl: {{service.web.cuont}}" + sentence);
  CHECK(error_of("{{tags.blue}}") == "t.tmpl: {{tags.blue}}" + sentence);
  CHECK(error_of("{{> header}}") == "t.tmpl: {{> header}}" + sentence);
}

TEST_CASE("a section that is not closed is named with its line") {
  CHECK(error_of("one\n{{#services}}\n{{name}}\n") == "t.tmpl: Unclosed section \"services\" in line 2");
  CHECK(error_of("one\n\n{{name\n").ends_with("in line 3"));
}

TEST_CASE("a section that is not entered leaves no empty line, and an empty line inside one stays") {
  CHECK(render("a\n{{#service.web.instances}}\n{{id}}\n{{/service.web.instances}}\nb\n", roll_of({})) == "a\nb\n");
  CHECK(render("{{#service.web}}\n\nx\n{{/service.web}}\n", roll_of({})) == "\nx\n");
}

TEST_CASE("a template is text") { CHECK(error_of("a\x01").ends_with("a template is text")); }

TEST_CASE("lines that only hold a section's tag leave no empty line") {
  CHECK(render("a\n{{#service.web}}\n{{#instances}}\n{{id}}\n{{/instances}}\n{{/service.web}}\nb\n",
               roll_of({instance("x", "192.0.2.1", 1)})) == "a\nx\nb\n");
}

TEST_CASE("other delimiters can be set, for files that are full of braces") {
  CHECK(render("{{=<% %>=}}{{ <%#service.web%><%count%><%/service.web%> }}", roll_of({})) == "{{ 0 }}");
}

}  // namespace
}  // namespace rollcall::cli
