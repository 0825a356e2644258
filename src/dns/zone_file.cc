#include "dns/zone_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "base/ascii_case.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "dns/presentation.h"
#include "dns/zone_text.h"
#include "dns/zone_token.h"

namespace rollcall::dns {
namespace {

using std::filesystem::path;
using Tokens = std::span<const std::string_view>;

Result<std::string> read_text(const path& file) {
  const auto unreadable = [&](const std::string& why) {
    return failure(Errc::malformed, file.string() + ": cannot be read: " + why);
  };
  std::error_code status_error;
  const auto status = std::filesystem::status(file, status_error);
  if (!std::filesystem::exists(status)) return unreadable("there is no such file");
  // Refuse FIFOs and devices: reading one may never end.
  if (!std::filesystem::is_regular_file(status)) return unreadable("it is not a file");
  const auto size = std::filesystem::file_size(file, status_error);
  if (status_error) return unreadable(status_error.message());
  if (size > limits::k_zone_text_bytes_max) return unreadable("it is too large");
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  std::string text(static_cast<std::size_t>(size), '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream) return unreadable(errno != 0 ? std::generic_category().message(errno) : "it changed while it was read");
  return text;
}

// The parser's state in one file. An $INCLUDE gets its own Place, which ends with the included file.
struct Place {
  std::string source;  // in messages
  path file;           // empty: no file
  Name origin;
  std::optional<Name> owner;                                // of the previous record
  std::optional<std::uint32_t> default_ttl = std::nullopt;  // $TTL
  std::optional<std::uint32_t> last_ttl = std::nullopt;     // the last explicit TTL
  std::size_t line = 0;
};

// Loads one zone from all its files.
class Loader {
 public:
  explicit Loader(const Name& apex) : zone_{apex, {}} {}

  Result<void> load(Place place);
  Result<void> read(std::string_view text, Place& place);
  Result<ZoneFile> finish(std::string_view source) {
    if (zone_.records.empty()) return failure(Errc::malformed, std::string(source) + ": holds no records");
    return std::move(zone_);
  }

 private:
  Result<void> put_directive(Tokens tokens, Place& place);
  Result<void> include(Tokens arguments, const Place& place);
  Result<void> put_record(const ZoneEntry& entry, Place& place);
  Result<void> set_owner(const ZoneEntry& entry, Place& place);
  static Result<std::uint32_t> ttl_of(std::optional<std::uint32_t> written, const Record& record, Place& place);

  ZoneFile zone_;
  std::vector<path> open_files_;  // canonical; the outermost first
  std::size_t bytes_ = 0;         // total size of all files
};

std::unexpected<Error> fail_at(const Place& place, const std::string& sentence) {
  return failure(Errc::invalid, place.source + ":" + std::to_string(place.line) + ": " + sentence);
}

Result<void> Loader::load(Place place) {
  const Result<std::string> text = read_text(place.file);
  if (!text) return std::unexpected(text.error());
  bytes_ += text->size();
  if (bytes_ > limits::k_zone_text_bytes_max) {
    return failure(Errc::malformed, place.source + ": with this file the zone is too large");
  }
  std::error_code error;
  open_files_.push_back(std::filesystem::canonical(place.file, error));
  Result<void> done = read(*text, place);
  open_files_.pop_back();
  return done;
}

Result<void> Loader::read(std::string_view text, Place& place) {
  ZoneText entries(text);
  while (true) {
    const auto entry = entries.next();
    if (!entry) {
      place.line = entry.error().line;
      return fail_at(place, entry.error().sentence);
    }
    if (!*entry) return {};
    place.line = (*entry)->line;
    const bool is_directive = !(*entry)->starts_blank && (*entry)->tokens.front().starts_with('$');
    Result<void> done = is_directive ? put_directive((*entry)->tokens, place) : put_record(**entry, place);
    if (!done) return done;
  }
}

Result<void> Loader::put_directive(Tokens tokens, Place& place) {
  const std::string_view directive = tokens.front();
  const Tokens arguments = tokens.subspan(1);
  if (equal_but_for_case(directive, "$INCLUDE")) return include(arguments, place);
  if (equal_but_for_case(directive, "$ORIGIN")) {
    if (arguments.size() != 1) return fail_at(place, "$ORIGIN takes one name");
    const std::optional<Name> origin = parse_relative_name(arguments[0], place.origin);
    if (!origin) return fail_at(place, quote(arguments[0]) + " is no domain name");
    place.origin = *origin;
    return {};
  }
  if (equal_but_for_case(directive, "$TTL")) {
    const std::optional<std::uint32_t> ttl = arguments.size() == 1 ? parse_period(arguments[0]) : std::nullopt;
    if (!ttl) return fail_at(place, "$TTL takes one time: seconds, or words like 1h30m");
    place.default_ttl = ttl;
    return {};
  }
  return fail_at(place, quote(directive) + " is unknown here: there are $ORIGIN, $TTL and $INCLUDE");
}

Result<void> Loader::include(Tokens arguments, const Place& place) {
  if (place.file.empty()) return fail_at(place, "$INCLUDE needs a zone that is read from a file");
  if (arguments.empty() || arguments.size() > 2) return fail_at(place, "$INCLUDE takes a file and, if need be, a name");
  const std::optional<Name> origin =
      arguments.size() == 2 ? parse_relative_name(arguments[1], place.origin) : place.origin;
  if (!origin) return fail_at(place, quote(arguments[1]) + " is no domain name");
  if (open_files_.size() > limits::k_include_depth_max) {
    return fail_at(place,
                   "$INCLUDE goes deeper than " + std::to_string(limits::k_include_depth_max) + " files, the most");
  }
  const path file = place.file.parent_path() / path(unquoted(arguments[0]));
  std::error_code error;
  if (const path real = std::filesystem::canonical(file, error);
      !error && std::ranges::find(open_files_, real) != open_files_.end()) {
    return fail_at(place, "$INCLUDE of " + file.string() + " goes in a circle");
  }
  if (const bool readable = std::filesystem::is_regular_file(file, error); !readable) {
    return fail_at(place, "$INCLUDE of " + file.string() + ", which cannot be read");
  }
  return load({.source = file.string(),
               .file = file,
               .origin = *origin,
               .owner = place.owner,
               .default_ttl = place.default_ttl,
               .last_ttl = place.last_ttl});
}

Result<void> Loader::set_owner(const ZoneEntry& entry, Place& place) {
  if (entry.starts_blank) {
    if (!place.owner) return fail_at(place, "a record without a name, and none before it to take the name from");
    return {};
  }
  const std::string_view token = entry.tokens.front();
  place.owner = parse_relative_name(token, place.origin);
  if (!place.owner) return fail_at(place, quote(token) + " is no domain name");
  if (!place.owner->is_within(zone_.apex)) {
    return fail_at(place, place.owner->text() + " is not in the zone " + zone_.apex.text());
  }
  return {};
}

bool is_class(std::string_view token) {
  return equal_but_for_case(token, "IN") || equal_but_for_case(token, "CH") || equal_but_for_case(token, "HS") ||
         equal_but_for_case(token, "CS") || equal_but_for_case(token.substr(0, 5), "CLASS");
}

// [owner] [TTL] [class] type RDATA, TTL and class in either order.
Result<void> Loader::put_record(const ZoneEntry& entry, Place& place) {
  if (const Result<void> named = set_owner(entry, place); !named) return named;
  Tokens left = entry.starts_blank ? Tokens(entry.tokens) : Tokens(entry.tokens).subspan(1);
  std::optional<std::uint32_t> written_ttl;
  bool has_class = false;
  for (; !left.empty(); left = left.subspan(1)) {
    const std::string_view token = left.front();
    if (!has_class && is_class(token)) {
      has_class = true;
      if (!equal_but_for_case(token, "IN") && !equal_but_for_case(token, "CLASS1")) {
        return fail_at(place, "class " + std::string(token) + ": only IN is served");
      }
    } else if (!written_ttl && token.front() >= '0' && token.front() <= '9') {
      written_ttl = parse_period(token);
      if (!written_ttl) return fail_at(place, quote(token) + " is no TTL: seconds, or words like 1h30m");
    } else {
      break;
    }
  }
  if (left.empty()) return fail_at(place, "a record ends before its type");

  Record record{*place.owner, Type::none, 0, {}};
  const Result<Type> type = parse_type(left.front());
  if (!type) return fail_at(place, type.error().message);
  record.type = *type;
  Result<std::string> rdata = parse_rdata_tokens(*type, left.subspan(1), place.origin);
  if (!rdata) return fail_at(place, rdata.error().message);
  record.rdata = std::move(*rdata);
  const Result<std::uint32_t> ttl = ttl_of(written_ttl, record, place);
  if (!ttl) return std::unexpected(ttl.error());
  record.ttl = *ttl;
  zone_.records.push_back(std::move(record));
  return {};
}

Result<std::uint32_t> Loader::ttl_of(std::optional<std::uint32_t> written, const Record& record, Place& place) {
  std::optional<std::uint32_t> ttl = written ? written : place.default_ttl ? place.default_ttl : place.last_ttl;
  if (!ttl && record.type == Type::soa) {
    const std::string_view minimum = std::string_view(record.rdata).substr(record.rdata.size() - 4);
    ttl = ByteReader(octets(minimum)).u32();
    written = ttl;
  }
  if (!ttl) return fail_at(place, "a record without a TTL: write one, or $TTL above it");
  if (written) place.last_ttl = written;
  // RFC 2181 §8: a TTL with its top bit set is zero.
  constexpr std::uint32_t k_top_bit = 0x8000'0000U;
  return (*ttl & k_top_bit) != 0 ? 0 : *ttl;
}

}  // namespace

Result<ZoneFile> load_zone_file(const path& file, const Name& apex) {
  Loader loader(apex);
  const std::string source = file.string();
  const Result<void> done = loader.load({.source = source, .file = file, .origin = apex, .owner = std::nullopt});
  if (!done) return std::unexpected(done.error());
  return loader.finish(source);
}

Result<ZoneFile> parse_zone(std::string_view text, const Name& apex, std::string_view source) {
  Loader loader(apex);
  Place place{.source = std::string(source), .file = {}, .origin = apex, .owner = std::nullopt};
  const Result<void> done = loader.read(text, place);
  if (!done) return std::unexpected(done.error());
  return loader.finish(source);
}

}  // namespace rollcall::dns
