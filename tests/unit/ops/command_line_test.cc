#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

#include "catch.h"
#include "ops/settings.h"

namespace rollcall::ops {
namespace {

using Arguments = std::vector<std::string>;

// An empty working directory, left and removed at the end.
class WorkingDirectory {
 public:
  WorkingDirectory() : before_(std::filesystem::current_path()) {
    std::string path = (std::filesystem::temp_directory_path() / "rollcall-test-XXXXXX").string();
    REQUIRE(mkdtemp(path.data()) != nullptr);
    here_ = path;
    std::filesystem::current_path(here_);
  }
  ~WorkingDirectory() {
    std::error_code ignored;
    std::filesystem::current_path(before_, ignored);
    std::filesystem::remove_all(here_, ignored);
  }
  WorkingDirectory(const WorkingDirectory&) = delete;
  WorkingDirectory& operator=(const WorkingDirectory&) = delete;

  static void write(const char* name, std::string_view text) { std::ofstream(name, std::ios::binary) << text; }

 private:
  std::filesystem::path before_;
  std::filesystem::path here_;
};

Serve serve_of(const Arguments& arguments) {
  const Result<Command> command = parse_command_line(arguments);
  INFO((command ? "" : command.error().message));
  REQUIRE(command);
  REQUIRE(std::holds_alternative<Serve>(*command));
  return std::get<Serve>(*command);
}

std::string refusal_of(const Arguments& arguments) {
  const Result<Command> command = parse_command_line(arguments);
  REQUIRE_FALSE(command);
  CHECK(command.error().code == Errc::start_up);
  CHECK(command.error().message.find('\n') == std::string::npos);
  return command.error().message;
}

std::string text_of(const Arguments& arguments) {
  const Result<Command> command = parse_command_line(arguments);
  REQUIRE(command);
  REQUIRE(std::holds_alternative<Print>(*command));
  return std::get<Print>(*command).text;
}

TEST_CASE("without arguments and without a file the defaults hold") {
  const WorkingDirectory empty;
  const Serve serve = serve_of({});
  CHECK_FALSE(serve.check_only);
  CHECK(serve.settings.dns_listen == default_settings().dns_listen);
  CHECK(serve.settings.http_listen == default_settings().http_listen);
  CHECK(serve.settings.zones == default_settings().zones);
  CHECK(serve.settings.store_path == "rollcall.db");
}

TEST_CASE("rollcall.toml in the working directory is read without being named") {
  const WorkingDirectory here;
  here.write("rollcall.toml", "[dns]\nworkers = 3\n");
  CHECK(serve_of({}).settings.dns_workers == 3);
  here.write("rollcall.toml", "[dns]\nworkers = three\n");
  CHECK(refusal_of({}).starts_with("rollcall.toml:2:"));
}

TEST_CASE("a named file is read instead of rollcall.toml") {
  const WorkingDirectory here;
  here.write("rollcall.toml", "[dns]\nworkers = 3\n");
  here.write("other.toml", "[dns]\nudp_payload = 4096\n");
  const Settings settings = serve_of({"--config", "other.toml"}).settings;
  CHECK(settings.dns_workers == 0);
  CHECK(settings.udp_payload == 4096);
  here.write("other.toml", "[dns]\nsize = 4096\n");
  CHECK(refusal_of({"--config=other.toml"}).starts_with("other.toml:2: dns.size: unknown key; "));
}

TEST_CASE("a named file that cannot be read is an error") {
  const WorkingDirectory empty;
  CHECK(refusal_of({"--config", "none.toml"}) == "--config: cannot read none.toml: No such file or directory");
  CHECK(refusal_of({"--config", "."}) == "--config: cannot read .: Is a directory");
  CHECK(refusal_of({"--config", ""}) == "--config: must name a file, and is empty");
}

TEST_CASE("flags beat the file") {
  const WorkingDirectory here;
  here.write("rollcall.toml",
             "[dns]\nlisten = ['192.0.2.1:53', '192.0.2.2:53']\nworkers = 3\n[http]\nlisten = ['192.0.2.1:80']\n"
             "[store]\npath = 'file.db'\n[log]\nlevel = 'debug'\nformat = 'json'\n");
  const Settings settings = serve_of({"--dns", "127.0.0.1:0", "--http=[::1]:8500", "--http", "127.0.0.1:8500", "--db",
                                      "flag.db", "--dns-workers", "5", "--log-level", "error"})
                                .settings;
  REQUIRE(settings.dns_listen.size() == 1);
  CHECK(settings.dns_listen[0].text() == "127.0.0.1:0");
  REQUIRE(settings.http_listen.size() == 2);
  CHECK(settings.http_listen[0].text() == "[::1]:8500");
  CHECK(settings.http_listen[1].text() == "127.0.0.1:8500");
  CHECK(settings.store_path == "flag.db");
  CHECK(settings.dns_workers == 5);
  CHECK(settings.log_level == log::Level::error);
  CHECK(settings.log_format == log::Format::json);
}

TEST_CASE("--zone replaces the file's zones, and keeps what the file says of the ones it names") {
  const WorkingDirectory here;
  here.write("rollcall.toml",
             "[dns]\nttl = 4\n[[zone]]\nname = 'a.example'\nfile = 'a.zone'\nttl = 9\n[[zone]]\nname = 'b.example'\n");
  const Settings settings = serve_of({"--zone", "c.example=c.zone", "--zone", "A.example"}).settings;
  REQUIRE(settings.zones.size() == 2);
  CHECK(settings.zones[0].name.text() == "c.example.");
  CHECK(settings.zones[0].file == "c.zone");
  CHECK(settings.zones[0].policy.ttl_seconds == 4);
  CHECK(settings.zones[1].name.text() == "A.example.");
  CHECK(settings.zones[1].file == "a.zone");
  CHECK(settings.zones[1].policy.ttl_seconds == 9);
  CHECK(serve_of({"--zone=a.example=x=y.zone"}).settings.zones[0].file == "x=y.zone");
}

TEST_CASE("--backup and --restore ask for a copy of the database, and for nothing else") {
  const Result<Command> out = parse_command_line({"--backup", "copy.db", "--db", "roll.db"});
  REQUIRE(out);
  const Copy& copy = std::get<Copy>(*out);
  CHECK(copy.database == "roll.db");
  CHECK(copy.file == "copy.db");
  CHECK_FALSE(copy.is_restore);
  const Result<Command> in = parse_command_line({"--restore", "copy.db"});
  REQUIRE(in);
  CHECK(std::get<Copy>(*in).database == "rollcall.db");
  CHECK(std::get<Copy>(*in).is_restore);
  CHECK_FALSE(parse_command_line({"--restore", "copy.db", "--backup", "copy.db"}));
  CHECK_FALSE(parse_command_line({"--backup", "copy.db", "--check"}));
  CHECK_FALSE(parse_command_line({"--backup", ""}));
}

TEST_CASE("--check asks for a check only") { CHECK(serve_of({"--check"}).check_only); }

TEST_CASE("--join, --promote and --restored are about the cluster of the settings") {
  const WorkingDirectory directory;
  WorkingDirectory::write("rollcall.toml",
                          "[cluster]\nname = \"prod\"\nnode = \"a\"\netcd = [\"a:1\"]\npeers = \"127.0.0.1:1\"\n");
  using Entry = ClusterStart::Entry;
  const auto start_of = [](const Arguments& arguments) { return serve_of(arguments).settings.cluster->start; };
  CHECK(start_of({}) == ClusterStart{Entry::existing, false});
  CHECK(start_of({"--join"}) == ClusterStart{Entry::join, false});
  CHECK(start_of({"--promote"}) == ClusterStart{Entry::promote, false});
  CHECK(start_of({"--restored"}) == ClusterStart{Entry::existing, true});
  CHECK(start_of({"--join", "--restored"}) == ClusterStart{Entry::join, true});
  CHECK(refusal_of({"--join", "--promote"}) ==
        "--promote begins a cluster, --join is about one that exists; leave one out");
  CHECK(refusal_of({"--restored", "--promote"}) ==
        "--promote begins a cluster, --restored is about one that exists; leave one out");
}

TEST_CASE("without [cluster] no flag of a cluster makes sense") {
  const WorkingDirectory directory;
  for (const char* flag : {"--join", "--promote", "--restored"}) {
    CHECK(refusal_of({flag}) == std::string(flag) + ": is about a cluster, and the settings have no [cluster]");
  }
}

TEST_CASE("a wrong flag or value is one sentence that names the flag") {
  const WorkingDirectory empty;
  CHECK(refusal_of({"--check", "--dsn", "127.0.0.1:53"}) == "--dsn: no such flag; see rollcalld --help");
  CHECK(refusal_of({"--dsn=127.0.0.1:53"}) == "--dsn=127.0.0.1:53: no such flag; see rollcalld --help");
  CHECK(refusal_of({"serve"}) == "serve: not expected; every argument is a flag; see rollcalld --help");
  CHECK(refusal_of({"--db"}).find("--db") != std::string::npos);
  CHECK(refusal_of({"--db", ""}).starts_with("--db: "));
  CHECK(refusal_of({"--dns", "53"}) ==
        "--dns: \"53\" is not ADDR:PORT; write an IP address and a port, as \"127.0.0.1:8600\" or \"[::1]:8600\"");
  CHECK(refusal_of({"--http", "127.0.0.1:80", "--http", "127.0.0.1:80"}) == "--http: 127.0.0.1:80 is listed twice");
  CHECK(refusal_of({"--dns", "127.0.0.1:80", "--http", "127.0.0.1:80"}) ==
        "127.0.0.1:80 is listed for DNS and for HTTP; each needs its own");
  CHECK(refusal_of({"--zone", "a.example", "--zone", "a.example=x"}) == "--zone: zone a.example is listed twice");
  CHECK(refusal_of({"--zone", "a.example="}) == "--zone: must name a file, and is empty");
  CHECK(refusal_of({"--zone", "=a.zone"}) == "--zone: \"\" is not a domain name; write one as \"svc.internal\"");
  CHECK(refusal_of({"--dns-workers", "257"}) == "--dns-workers: must be 0 to 256, not 257");
  CHECK(refusal_of({"--dns-workers", "-1"}) == "--dns-workers: must be 0 to 256, not -1");
  CHECK(refusal_of({"--dns-workers", "4x"}) == "--dns-workers: must be 0 to 256, not 4x");
  CHECK(refusal_of({"--log-level", "loud"}).starts_with("--log-level: \"loud\" is not one of "));
}

TEST_CASE("a wrong flag is told apart from settings that cannot be used") {
  const WorkingDirectory directory;
  const auto is_wrong = [](const Arguments& arguments) { return is_misuse(parse_command_line(arguments).error()); };
  CHECK(is_wrong({"--dsn", "127.0.0.1:53"}));
  CHECK(is_wrong({"serve"}));
  CHECK(is_wrong({"--db"}));
  CHECK(is_wrong({"--dns-workers", "4x"}));
  CHECK(is_wrong({"--join"}));
  CHECK_FALSE(is_wrong({"--config", "missing.toml"}));
  WorkingDirectory::write("rollcall.toml", "[dns]\nlisten = [\"53\"]\n");
  CHECK_FALSE(is_wrong({}));
}

TEST_CASE("a flag without its value says so in our words") {
  const WorkingDirectory empty;
  CHECK(refusal_of({"--db"}) == "--db: its value is missing; see rollcalld --help");
  CHECK(refusal_of({"--db", "a", "--db", "b"}) == "--db: is given more than once; see rollcalld --help");
  CHECK(refusal_of({"--check=maybe"}) == "--check: does not take this value; see rollcalld --help");
}

TEST_CASE("--version is one line") { CHECK(text_of({"--version"}) == "rollcalld 0.1.0\n"); }

TEST_CASE("--help names every flag with its default, and ends with an example") {
  const std::string help = text_of({"--help"});
  CHECK(text_of({"-h"}) == help);
  for (const char* flag : {"--dns ADDR:PORT", "--http ADDR:PORT", "--db FILE", "--zone NAME[=FILE]", "--config FILE",
                           "--dns-workers N", "--log-level LEVEL", "--check", "--version", "--help"}) {
    INFO(flag);
    CHECK(help.find(flag) != std::string::npos);
  }
  for (const char* standard :
       {"127.0.0.1:8600", "127.0.0.1:8500", "rollcall.db", "svc.internal=zones/svc.internal.zone", "rollcall.toml",
        "(default 0)", "(default info)"}) {
    INFO(standard);
    CHECK(help.find(standard) != std::string::npos);
  }
  CHECK(help.find("\n  rollcalld --dns 0.0.0.0:53") != std::string::npos);
}

TEST_CASE("--help and --version win over anything else that is asked") {
  CHECK_FALSE(text_of({"--version", "--config", "none.toml"}).empty());
  CHECK_FALSE(text_of({"--config", "none.toml", "--help"}).empty());
}

}  // namespace
}  // namespace rollcall::ops
