#include "api/native/shown.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fmt/format.h>
#include <memory>
#include <utility>

#include "api/problem.h"
#include "base/limits.h"

namespace rollcall::api::native {
namespace {

using registry::ChangeIndex;
using registry::LeaseTime;
using std::chrono::milliseconds;

constexpr milliseconds k_look_again{2};

// The index that a read waits for, once it is known.
constexpr ChangeIndex k_not_known = ~ChangeIndex{0};
constexpr ChangeIndex k_unreadable = k_not_known - 1;
using Wanted = std::shared_ptr<std::atomic<ChangeIndex>>;

enum class Spread : std::uint8_t { unknown, everywhere, not_in_time };

bool is_shown(const registry::Registry& registry, const Wanted& wanted) {
  return registry.counts().index >= wanted->load();
}

Response not_shown(ChangeIndex wanted) {
  if (wanted >= k_unreadable) {
    return problem(
        Error{Errc::not_in_charge, "the shared store did not say how new it is: ask again, or another node"});
  }
  return problem(Error{Errc::not_in_charge,
                       fmt::format("this node does not show index {} yet: ask again, or another node", wanted)});
}

milliseconds time_of(const Call& call) { return call.parameters.wait.value_or(limits::k_shown_wait); }

Wanted wanted_by(const Call& call) {
  const ChangeIndex at_least = call.parameters.at_least.value_or(0);
  const bool asks_store = call.parameters.consistent.value_or(false);
  auto wanted = std::make_shared<std::atomic<ChangeIndex>>(asks_store ? k_not_known : at_least);
  if (!asks_store) return wanted;
  registry::Everywhere* const everywhere = call.everywhere();
  if (everywhere == nullptr) {
    wanted->store(k_unreadable);
    return wanted;
  }
  everywhere->read_latest([wanted, at_least](std::optional<ChangeIndex> latest) {
    wanted->store(latest ? std::max(*latest, at_least) : k_unreadable);
  });
  return wanted;
}

}  // namespace

std::optional<Routed> wait_until_shown(const Call& call, bool is_long, Show& show) {
  if (!asks_for_more(call)) return std::nullopt;
  if (call.parameters.index) {
    return problem(
        Error{Errc::invalid, "index waits for another change, at_least and consistent for one: use either", "index"});
  }
  const Wanted wanted = wanted_by(call);
  if (is_shown(call.registry, wanted)) return std::nullopt;
  return Wait{.until = {},
              .at_most = time_of(call),
              .answer =
                  [wanted, &registry = call.registry, show = std::move(show)](LeaseTime now) mutable {
                    return is_shown(registry, wanted) ? show(now) : not_shown(wanted->load());
                  },
              .is_long = is_long,
              .is_read = true,
              .left =
                  [wanted, &registry = call.registry](LeaseTime) {
                    const bool is_over = is_shown(registry, wanted) || wanted->load() == k_unreadable;
                    return is_over ? milliseconds::zero() : k_look_again;
                  }};
}

Routed wait_everywhere(const Call& call, Submission submission) {
  registry::Everywhere* const everywhere = call.everywhere();
  if (!call.parameters.everywhere.value_or(false) || everywhere == nullptr) return submission;
  submission.describe = [everywhere, at_most = time_of(call), describe = std::move(submission.describe)](
                            const registry::Outcome& outcome, LeaseTime now) mutable -> std::variant<Response, Wait> {
    if (!outcome) return describe(outcome, now);
    const auto spread = std::make_shared<std::atomic<Spread>>(Spread::unknown);
    everywhere->wait_for(outcome->index, [spread](bool is_everywhere) {
      spread->store(is_everywhere ? Spread::everywhere : Spread::not_in_time);
    });
    return Wait{
        .until = {},
        .at_most = at_most,
        .answer =
            [spread, outcome, describe = std::move(describe)](LeaseTime then) mutable {
              if (spread->load() != Spread::everywhere) {
                return problem(Fault::not_everywhere,
                               "the change was made, and not every node has said that it shows it: send it again, or "
                               "ask GET /v1/nodes which does not");
              }
              std::variant<Response, Wait> described = describe(outcome, then);
              Wait* const wait = std::get_if<Wait>(&described);
              return wait == nullptr ? std::get<Response>(std::move(described)) : wait->answer(then);
            },
        .left =
            [spread](LeaseTime) { return spread->load() == Spread::unknown ? k_look_again : milliseconds::zero(); }};
  };
  return submission;
}

}  // namespace rollcall::api::native
