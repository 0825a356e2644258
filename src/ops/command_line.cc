#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "ops/settings.h"
#include "ops/settings_values.h"
#include "ops/version.h"

namespace rollcall::ops {
namespace {

constexpr const char* k_default_config = "rollcall.toml";
constexpr std::string_view k_config_flag = "--config";
constexpr const char* k_command_line = "--";  // the field of an error about the whole of it

// The flags as typed, before validation.
struct Flags {
  std::optional<std::string> config;
  std::vector<std::string> dns;
  std::vector<std::string> http;
  std::vector<std::string> zones;
  std::optional<std::string> db;
  std::optional<std::string> dns_workers;
  std::optional<std::string> log_level;
  std::optional<std::string> backup;
  std::optional<std::string> restore;
  bool check_only = false;
  bool hash_token = false;
  bool join = false;
  bool promote = false;
  bool restored = false;
  bool takeover = false;
};

template <class T>
CLI::Option* add_flag_with_value(CLI::App& app, const char* flag, T& value, const char* shape, const char* group,
                                 const char* meaning) {
  CLI::Option* option = app.add_option(flag, value, meaning);
  return option->type_name(shape)->group(group)->type_size(1)->allow_extra_args(false);
}

void describe_flags(CLI::App& app, Flags& flags) {
  const char* k_addresses = "Addresses (IPv6 as [::1]:8600; port 0 takes a free one)";
  add_flag_with_value(app, "--dns", flags.dns, "ADDR:PORT", k_addresses,
                      "answer DNS here, UDP and TCP; repeatable (default 127.0.0.1:8600)");
  add_flag_with_value(app, "--http", flags.http, "ADDR:PORT", k_addresses,
                      "serve the HTTP API here; repeatable (default 127.0.0.1:8500)");
  add_flag_with_value(app, "--db", flags.db, "FILE", "Contents", "the SQLite database (default rollcall.db)");
  add_flag_with_value(app, "--zone", flags.zones, "NAME[=FILE]", "Contents",
                      "serve this zone; repeatable (default svc.internal=zones/svc.internal.zone)");
  add_flag_with_value(app, "--backup", flags.backup, "FILE", "Contents",
                      "copy the database into a new file, then exit; a server may be running on it");
  add_flag_with_value(app, "--restore", flags.restore, "FILE", "Contents",
                      "put a back-up in the database's place, then exit; the old one is kept as .bak");
  add_flag_with_value(app, "--config", flags.config, "FILE", "Running",
                      "settings; flags beat them (default rollcall.toml, where it exists)");
  add_flag_with_value(app, "--dns-workers", flags.dns_workers, "N", "Running",
                      "threads that answer over UDP; 0 is one per core (default 0)");
  add_flag_with_value(app, "--log-level", flags.log_level, "LEVEL", "Running",
                      "trace, debug, info, warn or error (default info)");
  app.add_flag("--check", flags.check_only, "validate settings and zones, then exit (default: serve)")
      ->group("Running");
  app.add_flag("--takeover", flags.takeover,
               "take over from the rollcalld that runs on this database, without a gap (default: there must be none)")
      ->group("Running");
  app.add_flag("--hash-token", flags.hash_token, "read a token from stdin, print the line of its [[token]], then exit")
      ->group("Running");
  app.add_flag("--join", flags.join, "enter the cluster of [cluster], which must exist (default: the same)")
      ->group("Several nodes");
  app.add_flag("--promote", flags.promote, "begin the cluster of [cluster] with the roll of this node's database")
      ->group("Several nodes");
  app.add_flag("--restored", flags.restored, "etcd was restored from a snapshot: go on with higher indexes")
      ->group("Several nodes");
  app.set_version_flag("--version", fmt::format("rollcalld {}", k_version), "print the version, then exit")
      ->group("Running");
  app.set_help_flag("--help,-h", "print this, then exit")->group("Running");
  app.get_formatter()->column_width(26);
  app.footer(
      "Example: answer the network on port 53, register on this machine only\n"
      "  rollcalld --dns 0.0.0.0:53 --dns '[::]:53' --http 127.0.0.1:8500 --db /var/lib/rollcall/rollcall.db");
}

std::unexpected<Error> flag_failure(std::string_view flag, const Error& error) {
  return failure(Errc::start_up, fmt::format("{}: {}", flag, error.message), std::string(flag));
}

// Reports the first unknown argument. CLI11's own message lists them in reverse order.
std::unexpected<Error> extras_failure(const CLI::App& app, const std::vector<std::string>& arguments) {
  const std::vector<std::string> extras = app.remaining();
  const auto first = std::ranges::find_first_of(arguments, extras);
  const std::string name = first == arguments.end() ? "the command line" : *first;
  const char* what = name.starts_with('-') ? "no such flag" : "not expected; every argument is a flag";
  return failure(Errc::start_up, fmt::format("{}: {}; see rollcalld --help", name, what), k_command_line);
}

// In our words: CLI11's begin with the flag, and go on in its own terms.
std::unexpected<Error> usage_failure(const CLI::ParseError& error) {
  std::string words = error.what();
  std::ranges::replace(words, '\n', ' ');
  const std::size_t at = words.find("--");
  if (at != std::string::npos) {
    const std::string flag = words.substr(at, words.find_first_of(" :", at) - at);
    const bool is_mismatch = dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr;
    const bool is_repeated = words.find("At Most") != std::string::npos;
    words = flag + (is_repeated   ? ": is given more than once"
                    : is_mismatch ? ": its value is missing"
                                  : ": does not take this value");
  }
  return failure(Errc::start_up, fmt::format("{}; see rollcalld --help", words), k_command_line);
}

Result<std::string> read_file(const std::string& path) {
  const Result<std::string> checked = parse_path(path);
  if (!checked) return checked;
  errno = 0;
  std::ifstream file(*checked, std::ios::binary);
  std::string text;
  std::array<char, 64 << 10> part{};
  // Stop when the file is too large; the parser reports that.
  while (file && text.size() <= limits::k_settings_bytes_max) {
    file.read(part.data(), part.size());
    text.append(part.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (!file.is_open() || file.bad()) {
    return failure(Errc::start_up, fmt::format("cannot read {}: {}", path, std::generic_category().message(errno)));
  }
  return text;
}

bool exists(const char* path) {
  std::error_code error;
  return std::filesystem::status(path, error).type() != std::filesystem::file_type::not_found;
}

Result<Settings> settings_before_flags(const Flags& flags) {
  if (!flags.config && !exists(k_default_config)) return default_settings();
  const std::string path = flags.config.value_or(k_default_config);
  const Result<std::string> text = read_file(path);
  if (text) return parse_settings(*text, path);
  if (flags.config) return flag_failure("--config", text.error());
  return std::unexpected(text.error());
}

// Flags replace the endpoints of the file; without flags, those of the file remain.
std::optional<Error> replace_endpoints(std::vector<IpEndpoint>& target, const std::vector<std::string>& flags,
                                       std::string_view flag) {
  if (flags.empty()) return std::nullopt;
  target.clear();
  for (const std::string& text : flags) {
    const Result<IpEndpoint> endpoint = parse_listen(text, target);
    if (!endpoint) return flag_failure(flag, endpoint.error()).error();
    target.push_back(*endpoint);
  }
  return std::nullopt;
}

// Zone flags replace the list of zones. A zone that is also in the settings file keeps its settings from there, except
// that a file name in the flag overrides the one in the file.
std::optional<Error> replace_zones(Settings& settings, const std::vector<std::string>& flags) {
  if (flags.empty()) return std::nullopt;
  const std::vector<ZoneSettings> of_file = std::exchange(settings.zones, {});
  ListedZones in_file;
  for (std::size_t i = 0; i < of_file.size(); ++i) in_file.add(of_file[i].name, i);
  ListedZones listed;
  for (const std::string& text : flags) {
    const std::size_t equals = text.find('=');
    const Result<dns::Name> name = parse_zone_name(text.substr(0, equals), listed);
    if (!name) return flag_failure("--zone", name.error()).error();
    const std::optional<std::size_t> known = in_file.find(*name);
    ZoneSettings zone = known ? of_file[*known] : default_zone(settings.dns_ttl_seconds);
    zone.name = *name;
    if (equals != std::string::npos) {
      const Result<std::string> path = parse_path(text.substr(equals + 1));
      if (!path) return flag_failure("--zone", path.error()).error();
      zone.file = *path;
    }
    listed.add(*name, settings.zones.size());
    settings.zones.push_back(std::move(zone));
  }
  return std::nullopt;
}

std::optional<Error> replace_single_values(Settings& settings, const Flags& flags) {
  if (flags.db) {
    const Result<std::string> path = parse_path(*flags.db);
    if (!path) return flag_failure("--db", path.error()).error();
    settings.store_path = *path;
  }
  if (flags.dns_workers) {
    const std::string& text = *flags.dns_workers;
    unsigned count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || end != text.data() + text.size() || count > limits::k_dns_workers_max) {
      return Error{Errc::start_up,
                   fmt::format("--dns-workers: must be 0 to {}, not {}", limits::k_dns_workers_max, text),
                   "--dns-workers"};
    }
    settings.dns_workers = count;
  }
  if (flags.log_level) {
    const Result<log::Level> level = parse_log_level(*flags.log_level);
    if (!level) return flag_failure("--log-level", level.error()).error();
    settings.log_level = *level;
  }
  return std::nullopt;
}

// DNS also listens on TCP, so a DNS endpoint and an HTTP endpoint must differ.
std::optional<Error> find_shared_endpoint(const Settings& settings) {
  for (const IpEndpoint& endpoint : settings.dns_listen) {
    if (endpoint.port == 0 || std::ranges::find(settings.http_listen, endpoint) == settings.http_listen.end()) continue;
    return Error{Errc::start_up, fmt::format("{} is listed for DNS and for HTTP; each needs its own", endpoint.text())};
  }
  return std::nullopt;
}

std::optional<Error> lay_over(Settings& settings, const Flags& flags) {
  if (auto error = replace_endpoints(settings.dns_listen, flags.dns, "--dns")) return error;
  if (auto error = replace_endpoints(settings.http_listen, flags.http, "--http")) return error;
  if (auto error = replace_zones(settings, flags.zones)) return error;
  if (auto error = replace_single_values(settings, flags)) return error;
  return find_shared_endpoint(settings);
}

// --join, --promote, --restored.
Result<ClusterStart> parse_start(const Settings& settings, const Flags& flags) {
  for (const auto& [is_given, flag] : {std::pair(flags.join, "--join"), std::pair(flags.promote, "--promote"),
                                       std::pair(flags.restored, "--restored")}) {
    if (!is_given || settings.cluster) continue;
    return failure(Errc::start_up, fmt::format("{}: is about a cluster, and the settings have no [cluster]", flag),
                   flag);
  }
  if (flags.promote && (flags.join || flags.restored)) {
    return failure(Errc::start_up,
                   fmt::format("--promote begins a cluster, {} is about one that exists; leave one out",
                               flags.join ? "--join" : "--restored"),
                   k_command_line);
  }
  ClusterStart start;
  if (flags.join) start.entry = ClusterStart::Entry::join;
  if (flags.promote) start.entry = ClusterStart::Entry::promote;
  start.is_restored = flags.restored;
  return start;
}

// --check, --backup and --restore exclude each other.
Result<Command> parse_copy(const Settings& settings, const Flags& flags) {
  if (static_cast<int>(flags.check_only) + flags.backup.has_value() + flags.restore.has_value() > 1) {
    return failure(Errc::start_up, "--backup, --restore and --check exclude each other; see rollcalld --help",
                   k_command_line);
  }
  const Result<std::string> file = parse_path(flags.backup ? *flags.backup : *flags.restore);
  if (!file) return flag_failure(flags.backup ? "--backup" : "--restore", file.error());
  return Copy{settings.store_path, *file, flags.restore.has_value()};
}

}  // namespace

bool is_misuse(const Error& error) { return error.field.starts_with("--") && error.field != k_config_flag; }

Result<Command> hash_typed_token(std::FILE* in) {
  std::array<char, limits::k_token_bytes_max + 3> line{};  // one more than allowed, to detect it; newline; final zero
  const bool is_read = std::fgets(line.data(), static_cast<int>(line.size()), in) != nullptr;
  Result<std::string> hashed = hash_token(is_read ? line.data() : "");
  if (!hashed) return std::unexpected(hashed.error());
  return Print{std::move(*hashed)};
}

Result<Command> parse_command_line(const std::vector<std::string>& arguments) {
  CLI::App app("Rollcall: a DNS server whose zone is the services that are alive right now.", "rollcalld");
  Flags flags;
  describe_flags(app, flags);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 expects them in reverse order
  } catch (const CLI::CallForHelp&) {
    return Print{app.help()};
  } catch (const CLI::CallForVersion& version) {
    return Print{std::string(version.what()) + "\n"};
  } catch (const CLI::ExtrasError&) {
    return extras_failure(app, arguments);
  } catch (const CLI::ParseError& error) {
    return usage_failure(error);
  }
  if (flags.hash_token) return HashToken{};
  Result<Settings> settings = settings_before_flags(flags);
  if (!settings) return std::unexpected(settings.error());
  if (auto error = lay_over(*settings, flags)) return std::unexpected(std::move(*error));
  if (flags.backup || flags.restore) return parse_copy(*settings, flags);
  if (const Result<void> checked = check_access(*settings); !checked) return std::unexpected(checked.error());
  const Result<ClusterStart> start = parse_start(*settings, flags);
  if (!start) return std::unexpected(start.error());
  if (settings->cluster) settings->cluster->start = *start;
  if (flags.takeover && settings->cluster) {
    return failure(Errc::start_up, "--takeover: a node of a cluster leaves and joins again; restart it", "--takeover");
  }
  return Serve{std::move(*settings), flags.check_only, flags.takeover};
}

}  // namespace rollcall::ops
