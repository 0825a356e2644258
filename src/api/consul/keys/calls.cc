#include "api/consul/keys/calls.h"

#include <fmt/format.h>
#include <utility>
#include <variant>

#include "api/audit.h"
#include "api/consul/blocking.h"
#include "api/consul/door.h"
#include "api/permission.h"
#include "base/log.h"
#include "base/printable.h"
#include "base/random.h"
#include "kv/awaiting.h"

namespace rollcall::api::consul {
namespace {

constexpr kv::Index k_index_without_store = 1;

// Nothing is there, and nothing will ever change.
Routed answer_without_store(Read read, const Blocking& blocking, std::string_view consistency) {
  auto make = [look = std::move(read.look), consistency](registry::LeaseTime) {
    Response response = look(kv::View())();
    put_headers(response, {.index = k_index_without_store, .consistency = consistency});
    return response;
  };
  if (blocking.known != k_index_without_store) return make({});
  return Wait{.at_most = blocking.wait, .answer = std::move(make)};
}

std::string_view verb_of(kv::Verb verb) {
  switch (verb) {
    case kv::Verb::set:
    case kv::Verb::cas: return "set key";
    case kv::Verb::lock: return "lock key";
    case kv::Verb::unlock: return "unlock key";
    case kv::Verb::remove_tree: return "delete keys below";
    case kv::Verb::remove:
    case kv::Verb::remove_cas: return "delete key";
    case kv::Verb::get:
    case kv::Verb::get_or_empty:
    case kv::Verb::get_tree:
    case kv::Verb::check_index:
    case kv::Verb::check_session:
    case kv::Verb::check_not_exists: break;
  }
  return "read key";
}

// For the audit: which key is changed, never its value. Heartbeats are no changes.
std::vector<std::string> words_about(const kv::Request& request) {
  std::vector<std::string> words;
  if (const auto* transaction = std::get_if<kv::Transaction>(&request)) {
    for (const kv::Operation& each : transaction->operations) {
      if (!kv::is_change(each.verb)) continue;
      std::string line = fmt::format("{}=\"{}\"", verb_of(each.verb), escape(each.key));
      if (!each.session.empty()) line.append(" session=\"").append(escape(each.session)).append("\"");
      words.push_back(std::move(line));
    }
  } else if (const auto* created = std::get_if<kv::CreateSession>(&request)) {
    words.push_back(
        fmt::format("create session=\"{}\" name=\"{}\"", created->session.id, escape(created->session.name)));
  } else if (const auto* destroyed = std::get_if<kv::DestroySession>(&request)) {
    words.push_back(fmt::format("destroy session=\"{}\"", escape(destroyed->id)));
  } else if (const auto* put = std::get_if<kv::PutQuery>(&request)) {
    words.push_back(fmt::format("put query=\"{}\" name=\"{}\"", escape(put->query.id), escape(put->query.name)));
  } else if (const auto* removed = std::get_if<kv::RemoveQuery>(&request)) {
    words.push_back(fmt::format("delete query=\"{}\"", escape(removed->id)));
  }
  return words;
}

void record(const OtherAudit& audit, const kv::Outcome& outcome) {
  if (!outcome) return audit.record(OtherAudit::Came::failed, outcome.error().message);
  const kv::Refusal* const refusal = std::get_if<kv::Refusal>(&*outcome);
  if (refusal == nullptr) return audit.record(OtherAudit::Came::done);
  const bool is_unmet = refusal->why == kv::Why::unmet;
  audit.record(is_unmet ? OtherAudit::Came::refused : OtherAudit::Came::failed, refusal->what);
}

// Of a cluster's keys: with all that any node has acknowledged before.
Routed answer_when_caught_up(kv::KeyValues& keys, std::move_only_function<Response(registry::LeaseTime)> make) {
  auto is_caught_up = std::make_shared<bool>(false);
  return OtherChange{.begin =
                         [&keys, is_caught_up](OtherChange::Done done) mutable {
                           keys.catch_up([is_caught_up, done = std::move(done)](bool is) mutable {
                             *is_caught_up = is;
                             done();
                           });
                           return true;
                         },
                     .describe =
                         [is_caught_up, make = std::move(make)](registry::LeaseTime now) mutable {
                           if (*is_caught_up) return make(now);
                           return text(
                               500, "No cluster leader: etcd, which keeps the keys of this cluster, does not answer");
                         }};
}

}  // namespace

kv::KeyValues* keys_of(const Call& call) { return parts_of(call).has_keys ? parts_of(call).store : nullptr; }

kv::KeyValues* store_of(const Call& call) { return parts_of(call).store; }

Response no_keys(const Call& call) {
  return text(500, fmt::format("there are no keys and no sessions here: {}", parts_of(call).why_no_keys));
}

std::expected<void, Response> permit_keys(const Call& call, Right need) {
  constexpr auto k_first = registry::ZoneId{0};
  const Grant& grant = *call.standing.grant;
  const bool may = grant.right >= need && grant.covers(k_first, std::nullopt);
  if (may) return {};
  const auto forbidden = forbid(
      call, fmt::format("{} may not {} keys, sessions and queries: it takes the right \"{}\" over all services of "
                        "zone {}",
                        call.standing.principal.text(), need == Right::read ? "read" : "change", to_text(need),
                        call.zones.name_of(k_first)));
  return std::unexpected(refused(forbidden.error()));
}

std::expected<void, Response> permit_keys(const Call& call) { return permit_keys(call, call.route.right); }

Routed change(const Call& call, kv::Request request, std::move_only_function<Response(const kv::Outcome&)> describe) {
  if (keys_of(call) == nullptr) return no_keys(call);
  return change_store(call, std::move(request), std::move(describe));
}

Routed change_store(const Call& call, kv::Request request,
                    std::move_only_function<Response(const kv::Outcome&)> describe) {
  kv::KeyValues* const keys = store_of(call);
  if (keys == nullptr) return no_keys(call);
  std::optional<OtherAudit> audit;
  if (log::enabled(log::Level::info)) audit.emplace(words_about(request), call.standing.principal);
  // The outcome is written before `done` is called, and read after it.
  auto outcome = std::make_shared<kv::Outcome>();
  return OtherChange{
      .begin =
          [keys, outcome, request = std::move(request)](OtherChange::Done done) mutable {
            return keys->submit(std::move(request), [outcome, done = std::move(done)](kv::Outcome got) mutable {
              *outcome = std::move(got);
              done();
            });
          },
      .describe =
          [outcome, audit = std::move(audit), describe = std::move(describe)](registry::LeaseTime) mutable {
            if (audit) record(*audit, *outcome);
            return describe(*outcome);
          }};
}

Response failed(const kv::Outcome& outcome) {
  if (!outcome) return refused(outcome.error());
  const kv::Refusal& refusal = std::get<kv::Refusal>(*outcome);
  return text(refusal.why == kv::Why::too_large ? 413 : 500, refusal.what);
}

const kv::Done* done_of(const kv::Outcome& outcome) { return outcome ? std::get_if<kv::Done>(&*outcome) : nullptr; }

const kv::Refusal* refusal_of_outcome(const kv::Outcome& outcome) {
  return outcome ? std::get_if<kv::Refusal>(&*outcome) : nullptr;
}

Routed answer(const Call& call, Read read) { return answer_of(call, keys_of(call), std::move(read)); }

Routed answer_of(const Call& call, kv::KeyValues* keys, Read read) {
  if (const auto checked = check_consistency(call); !checked) return checked.error();
  if (const auto zone = zone_of(call); !zone) return zone.error();
  const auto blocking = read_blocking(call);
  if (!blocking) return blocking.error();
  const std::string_view consistency = consistency_of(call);
  if (keys == nullptr) return answer_without_store(std::move(read), *blocking, consistency);

  if (std::string why = keys->why_unread(); !why.empty()) return text(500, std::move(why));
  const kv::Index known = blocking->known;
  auto make = [keys, known, consistency, topic = read.topic, look = std::move(read.look)](registry::LeaseTime) {
    kv::Index index = 0;
    MakeLater make_later = keys->read([&](const kv::View& view) {
      index = view.look(topic, known).index;
      return look(view);
    });
    Response response = make_later();
    put_headers(response, {.index = index, .consistency = consistency});
    return response;
  };
  if (known != 0 && !keys->read([&](const kv::View& view) { return view.look(read.topic, known).is_over; })) {
    return Wait{.until = kv::await(*keys, std::move(read.topic), known),
                .at_most = blocking->wait,
                .answer = std::move(make),
                .is_long = read.is_long};
  }
  if (keys->is_shared() && call.query.has("consistent")) return answer_when_caught_up(*keys, std::move(make));
  if (read.is_long) return LongAnswer{std::move(make)};
  return make(call.now);
}

std::string draw_uuid() {
  thread_local Random random = Random::from_system();
  const std::uint64_t high = (random.next() & 0xffffffffffff0fffU) | 0x4000U;
  const std::uint64_t low = (random.next() & 0x3fffffffffffffffU) | 0x8000000000000000U;
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffffU, high & 0xffffU,
                     low >> 48, low & 0xffffffffffffU);
}

}  // namespace rollcall::api::consul
