#include "rollcall/registration.h"

#include <algorithm>
#include <cstdlib>
#include <span>
#include <stdexcept>
#include <utility>

#include "base/ip_address.h"
#include "base/limits.h"
#include "client/registrar.h"
#include "client/registration_json.h"
#include "client/text_list.h"
#include "client/touch.h"
#include "client/wake_up.h"

namespace rollcall {
namespace {

using client::BaseUrl;
using client::HttpClient;
using client::HttpSettings;
using client::Registrar;
using client::RegistrarSettings;
using client::Touch;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

[[noreturn]] void refuse(const std::string& what) { throw std::invalid_argument("rollcall::Registration: " + what); }

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::vector<std::string> registries_of(const RegistrationSettings& settings) {
  if (!settings.registries.empty()) return settings.registries;
  const std::string given = environment("ROLLCALL_HTTP");
  return {given.empty() ? "http://127.0.0.1:8500" : given};
}

RegistrationSettings checked(RegistrationSettings settings) {
  if (settings.service.empty()) refuse("service is missing");
  if (settings.port == 0) refuse("port is missing");
  if (settings.lease < limits::k_lease_min) refuse("lease must be 1s at least");
  if (settings.lease > limits::k_lease_max) refuse("lease must be 24h at most");
  if (settings.request_timeout <= milliseconds(0)) refuse("request_timeout must be longer than 0");
  for (const std::string& address : settings.addresses) {
    if (!IpAddress::parse(address)) refuse("addresses: \"" + address + "\" is no IPv4 or IPv6 address");
  }
  settings.registries = registries_of(settings);
  if (settings.registries.size() > limits::k_client_registries_max) {
    refuse("more than " + std::to_string(limits::k_client_registries_max) + " registries");
  }
  if (settings.token.empty()) settings.token = environment("ROLLCALL_TOKEN");
  return settings;
}

}  // namespace

class Registration::Engine {
 public:
  explicit Engine(RegistrationSettings settings)
      : settings_(checked(std::move(settings))), touch_(steady_clock::now() + settings_.lease) {
    std::vector<std::pair<std::vector<BaseUrl>, HttpClient>>
        opened;  // check all settings before the first thread starts
    for (const std::string& urls : settings_.registries) opened.push_back(open(urls));
    for (auto& [nodes, http] : opened) {
      registrars_.push_back(std::make_unique<Registrar>(registrar_settings(std::move(nodes)), std::move(http)));
    }
    if (settings_.on_touch)
      watcher_ = client::start_thread("rollcall-touch", [this] { touch_.watch(settings_.on_touch); });
  }

  ~Engine() {
    touch_.close();
    if (watcher_.joinable()) watcher_.join();
  }

  [[nodiscard]] const RegistrationSettings& settings() const { return settings_; }
  [[nodiscard]] bool wait_until_registered(milliseconds timeout) {
    return touch_.wait_until_registered(steady_clock::now() + timeout);
  }

  [[nodiscard]] State state() const {
    const auto now = steady_clock::now();
    State state{.is_in_touch = touch_.is_registered(now), .registries = {}};
    for (std::size_t i = 0; i < registrars_.size(); ++i) {
      state.registries.push_back(describe(settings_.registries[i], registrars_[i]->state(), now));
    }
    return state;
  }

  bool stop(milliseconds timeout) {
    touch_.close();
    const auto deadline = steady_clock::now() + timeout;
    for (const auto& registrar : registrars_) {
      if (settings_.drains) {
        registrar->drain_and_leave(deadline);
      } else {
        registrar->leave_by(deadline);
      }
    }
    bool has_left = true;
    for (const auto& registrar : registrars_) has_left &= registrar->wait_until_gone();
    return has_left;
  }

 private:
  // `urls`: the nodes of one registry, separated by commas.
  [[nodiscard]] std::pair<std::vector<BaseUrl>, HttpClient> open(const std::string& urls) const {
    const std::vector<std::string> list = client::split_list(urls);
    if (list.size() > limits::k_client_nodes_max) {
      refuse("more than " + std::to_string(limits::k_client_nodes_max) + " nodes of one registry");
    }
    std::vector<BaseUrl> nodes;
    for (const std::string& url : list) {
      auto base = client::parse_base_url(url);
      if (!base) refuse(base.error().message);
      nodes.push_back(std::move(*base));
    }
    auto http = HttpClient::open({.urls = list,
                                  .token = settings_.token,
                                  .ca_file = settings_.ca_file,
                                  .certificate_file = settings_.certificate_file,
                                  .key_file = settings_.key_file,
                                  .timeout = settings_.request_timeout});
    if (!http) refuse(http.error().message);
    return {std::move(nodes), std::move(*http)};
  }

  [[nodiscard]] RegistrarSettings registrar_settings(std::vector<BaseUrl> nodes) {
    return {.service = settings_.service,
            .zone = settings_.zone,
            .addresses = settings_.addresses,
            .body = [this](std::span<const std::string> own) { return client::registration_body(settings_, own); },
            .lease = settings_.lease,
            .nodes = std::move(nodes),
            .address_timeout = settings_.request_timeout,
            .probe = settings_.probe,
            .on_acknowledged = [this](auto sent, milliseconds lease) { touch_.note_acknowledged(sent, lease); },
            .on_change = settings_.on_change};
  }

  static Registry describe(const std::string& url, const Registrar::State& state, steady_clock::time_point now) {
    return {.url = url,
            .is_registered = state.is_known && now < state.acknowledged_until && !state.failure,
            .id = state.is_known ? state.id : std::string(),
            .message = state.failure ? state.failure->message : std::string()};
  }

  RegistrationSettings settings_;
  Touch touch_;
  std::vector<std::unique_ptr<Registrar>> registrars_;
  std::thread watcher_;
};

Registration::Registration(RegistrationSettings settings) : engine_(std::make_unique<Engine>(std::move(settings))) {}

Registration::~Registration() { stop(); }

bool Registration::wait_until_registered(milliseconds timeout) { return engine_->wait_until_registered(timeout); }

Registration::State Registration::state() const { return engine_->state(); }

bool Registration::stop(milliseconds timeout) { return engine_->stop(timeout); }
bool Registration::stop() { return stop(engine_->settings().stop_timeout); }

}  // namespace rollcall
