// `rollcall set` and `rollcall delete`: change a field of an instance beside its registration; forget an empty service.
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <fmt/format.h>
#include <memory>

#include "tools/rollcall/command.h"
#include "tools/rollcall/exit_code.h"
#include "tools/rollcall/fields.h"
#include "tools/rollcall/registries.h"
#include "tools/rollcall/session.h"

namespace rollcall::cli {
namespace {

namespace json = boost::json;

struct Set {
  std::string field;
  std::string service;
  std::string id;
  std::vector<std::string> values;
  bool wants_default = false;
};

Result<json::value> number_of(const Set& asked) {
  constexpr std::uint64_t k_most = 65'535;
  if (asked.values.size() != 1) return failure(Errc::start_up, fmt::format("{} takes one number", asked.field));
  const std::string& text = asked.values.front();
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number > k_most) {
    return failure(Errc::start_up, fmt::format("{} must be 0 to {}, not {}", asked.field, k_most, text));
  }
  return json::value(number);
}

// KEY=VALUE sets a pair, KEY alone removes it.
Result<json::value> meta_of(const Set& asked) {
  json::object meta;
  for (const std::string& pair : asked.values) {
    const std::size_t equals = pair.find('=');
    if (equals == 0 || pair.empty())
      return failure(Errc::start_up, fmt::format("meta takes KEY=VALUE, or KEY to remove one, not {}", pair));
    meta[pair.substr(0, equals)] =
        equals == std::string::npos ? json::value(nullptr) : json::value(pair.substr(equals + 1));
  }
  return json::value(std::move(meta));
}

Result<json::value> value_of(const Set& asked) {
  if (asked.wants_default && !asked.values.empty())
    return failure(Errc::start_up, "--default takes the place of the values: give either");
  if (asked.wants_default) return json::value(nullptr);
  if (asked.values.empty()) return failure(Errc::start_up, "VALUE is missing; --default takes the field back");
  if (asked.field == "tags") return json::value(json::array(asked.values.begin(), asked.values.end()));
  return asked.field == "meta" ? meta_of(asked) : number_of(asked);
}

std::string described(const std::string& field, const json::value& answer) {
  const std::string id = text_at(answer, "id");
  if (field == "tags") {
    const std::string tags = list_at(answer, "tags", ", ");
    return fmt::format("{} has {}", id, tags.empty() ? "no tags" : "the tags " + tags);
  }
  if (field != "meta") return fmt::format("{} has {} {}", id, field, text_at(answer, field));
  const std::string pairs = pairs_at(answer, "meta", ", ");
  return fmt::format("{} has {}", id, pairs.empty() ? "no meta" : "the meta " + pairs);
}

Result<Told> set(Session& session, const Set& asked, const json::value& value) {
  client::HttpRequest request;
  request.method = "PATCH";
  request.target =
      target_of("/v1/services", {asked.service, "/instances", asked.id}, {{"zone", session.globals().zone}});
  request.body = json::serialize(json::object{{asked.field, value}});
  auto answer = session.ask(request);
  if (!answer) return std::unexpected(answer.error());
  if (find_field(*answer, "id") == nullptr) return std::unexpected(no_registry());
  std::string sentence = described(asked.field, *answer);
  return Told{std::move(*answer), std::move(sentence)};
}

Action declare_set(Options& options) {
  auto asked = std::make_shared<Set>();
  options.argument("FIELD", asked->field, "what is set").required().one_of({"weight", "priority", "tags", "meta"});
  options.argument("SERVICE", asked->service, "of the instance").required().offers(Offer::services);
  options.argument("ID", asked->id, "the instance").required().offers(Offer::instances);
  options.argument("VALUE", asked->values, "a number; all its tags; or KEY=VALUE, and KEY to remove a pair");
  options.flag("--default", asked->wants_default, "the field's default: 1, no tags, no meta");
  return [asked](Session& session) -> Result<int> {
    const auto value = value_of(*asked);
    if (!value) return std::unexpected(value.error());
    return tell_registries(session, [asked, value = *value](Session& one) { return set(one, *asked, value); });
  };
}

// --- delete ---

struct Delete {
  std::string what;
  std::string service;
};

Result<Told> forget(Session& session, const std::string& service) {
  client::HttpRequest request;
  request.method = "DELETE";
  request.target = target_of("/v1/services", {service}, {{"zone", session.globals().zone}});
  const auto answer = session.ask(request);
  if (!answer) return std::unexpected(answer.error());
  if (!answer->is_null()) return std::unexpected(no_registry());
  return Told{json::object{{"service", service}}, ""};
}

Action declare_delete(Options& options) {
  auto asked = std::make_shared<Delete>();
  options.argument("WHAT", asked->what, "what is deleted").required().one_of({"service"});
  options.argument("SERVICE", asked->service, "its name").required().offers(Offer::services);
  return [asked](Session& session) {
    return tell_registries(session, [asked](Session& one) { return forget(one, asked->service); });
  };
}

}  // namespace

extern const Command k_set{
    .name = "set",
    .synopsis = "weight|priority|tags|meta SERVICE ID (VALUE… | --default)",
    .summary = "change weight, priority, tags or meta of an instance that is on the roll",
    .description =
        "Its own heartbeats do not undo it: the field stays as it is set until the instance registers with another "
        "value for it than before. It survives restarts of the server; it ends with the instance.\n\n"
        "tags takes all tags that it shall have. meta changes the pairs that are named, and leaves the others alone.",
    .examples = {{"rollcall set weight web web-1 0", "no new clients for web-1, as long as others have a weight"},
                 {"rollcall set meta web web-1 canary=yes old", "one pair is set, one is removed"},
                 {"rollcall set tags web web-1 --default", "no tags"}},
    .asks = Asks::http,
    .trial = {"weight", "web", "web-1", "5"},
    .declare = declare_set,
};

extern const Command k_delete{
    .name = "delete",
    .synopsis = "service SERVICE",
    .summary = "forget a service that has no instance",
    .description =
        "A service that has lost its last instance stays known, and empty, for an hour. This forgets it at once: the "
        "DNS says NXDOMAIN for its names. A service with instances is refused: rollcall deregister takes those off.",
    .examples = {{"rollcall delete service load-test", "load-test is no longer known"}},
    .asks = Asks::http,
    .trial = {"service", "web"},
    .declare = declare_delete,
};

}  // namespace rollcall::cli
