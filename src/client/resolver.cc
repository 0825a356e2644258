#include "rollcall/resolver.h"

#include <utility>

#include "client/resolver_engine.h"

namespace rollcall {
namespace {

using client::CacheEntry;
using client::ResolverEngine;
using Time = ResolverEngine::Time;
using Random = Balancer::Random;

std::string no_name_sentence(std::string_view name) { return "\"" + std::string(name) + "\" is no domain name"; }

Resolution no_such_resolution(std::string_view name) {
  return {.status = Status::unknown_name, .message = no_name_sentence(name)};
}
Choice no_such_choice(std::string_view name) {
  return {.status = Status::unknown_name, .message = no_name_sentence(name)};
}

// Blocks the calling thread until the entry is settled; returns the result of `read`.
template <class T, class Read>
T take_and_wait(ResolverEngine& engine, const dns::Name& name, const Read& read) {
  T taken;
  const auto take_here = [&](CacheEntry& entry, Time now, Random& random) -> ResolverEngine::After {
    taken = read(entry, now, random);
    return nullptr;
  };
  if (engine.take_now(name, take_here)) return taken;
  const auto promise = std::make_shared<std::promise<T>>();  // shared by both threads: either one may release it last
  std::future<T> future = promise->get_future();
  engine.take_later(name, [promise, &read](CacheEntry& entry, Time now, Random& random) -> ResolverEngine::After {
    promise->set_value(read(entry, now, random));
    return nullptr;
  });
  return future.get();
}

template <class T, class Read>
void take_and_call(ResolverEngine& engine, const dns::Name& name, Read read, std::function<void(T)> done) {
  engine.take_later(name,
                    [read = std::move(read), done = std::move(done)](CacheEntry& entry, Time now, Random& random)
                        -> ResolverEngine::After { return [done, taken = read(entry, now, random)] { done(taken); }; });
}

Resolution read_resolution(CacheEntry& entry, Time now, Random& random) { return entry.resolution(now, random); }

}  // namespace

class Resolver::Engine : public ResolverEngine {
 public:
  using ResolverEngine::ResolverEngine;

  Choice pick(const dns::Name& name, const PickOptions& options, std::span<const Endpoint> tried) {
    return take_and_wait<Choice>(*this, name, [&](CacheEntry& entry, Time now, Random& random) {
      return entry.choice(options, tried, now, random);
    });
  }
};

const char* status_text(Status status) {
  switch (status) {
    case Status::found: return "found";
    case Status::no_endpoints: return "no_endpoints";
    case Status::unknown_name: return "unknown_name";
    case Status::unreachable: return "unreachable";
    case Status::all_failed: return "all_failed";
  }
  return "unknown";
}

Resolver::Resolver(const ResolverSettings& settings) : engine_(std::make_unique<Engine>(settings)) {}
Resolver::~Resolver() = default;

Resolution Resolver::resolve(std::string_view name) {
  const auto full = engine_->full_name(name);
  if (!full) return no_such_resolution(name);
  return take_and_wait<Resolution>(*engine_, *full, read_resolution);
}

void Resolver::resolve(std::string_view name, std::function<void(Resolution)> done) {
  const auto full = engine_->full_name(name);
  if (!full) return done(no_such_resolution(name));
  take_and_call<Resolution>(*engine_, *full, read_resolution, std::move(done));
}

std::future<Resolution> Resolver::resolve_async(std::string_view name) {
  const auto promise = std::make_shared<std::promise<Resolution>>();
  resolve(name, [promise](Resolution resolution) { promise->set_value(std::move(resolution)); });
  return promise->get_future();
}

Choice Resolver::pick(std::string_view name, const PickOptions& options) {
  const auto full = engine_->full_name(name);
  if (!full) return no_such_choice(name);
  return engine_->pick(*full, options, {});
}

void Resolver::pick(std::string_view name, const PickOptions& options, std::function<void(Choice)> done) {
  const auto full = engine_->full_name(name);
  if (!full) return done(no_such_choice(name));
  take_and_call<Choice>(
      *engine_, *full,
      [options](CacheEntry& entry, Time now, Random& random) { return entry.choice(options, {}, now, random); },
      std::move(done));
}

Choice Resolver::attempt(std::string_view name, const std::function<bool(const Endpoint&)>& use,
                         const PickOptions& options, std::size_t endpoints_max) {
  const auto full = engine_->full_name(name);
  if (!full) return no_such_choice(name);
  std::vector<Endpoint> tried;
  Choice choice;
  while (tried.size() < endpoints_max) {
    choice = engine_->pick(*full, options, tried);
    if (!choice) break;
    if (use(choice.endpoint)) {
      report_success(name, choice.endpoint);
      return choice;
    }
    report_failure(name, choice.endpoint);
    tried.push_back(choice.endpoint);
  }
  if (tried.empty()) return choice;
  choice.status = Status::all_failed;
  choice.message = std::string(name) + ": " + std::to_string(tried.size()) + " tried, the last " + tried.back().text() +
                   ", and all have failed";
  choice.endpoint = std::move(tried.back());
  return choice;
}

void Resolver::report_failure(std::string_view name, const Endpoint& endpoint) {
  const auto full = engine_->full_name(name);
  if (!full) return;
  engine_->with_known(*full, [&](CacheEntry& entry, Time now) { entry.balancer().report_failure(endpoint, now); });
}

void Resolver::report_success(std::string_view name, const Endpoint& endpoint) {
  const auto full = engine_->full_name(name);
  if (!full) return;
  engine_->with_known(*full, [&](CacheEntry& entry, Time) { entry.balancer().report_success(endpoint); });
}

void Resolver::report_load(std::string_view name, const Endpoint& endpoint, double load) {
  const auto full = engine_->full_name(name);
  if (!full) return;
  engine_->with_known(*full, [&](CacheEntry& entry, Time) { entry.balancer().report_load(endpoint, load); });
}

}  // namespace rollcall
