#include "cluster/etcd/members.h"

#include <string_view>
#include <utility>

namespace rollcall::cluster::etcd {
namespace {

constexpr std::string_view k_plain = "http://";
constexpr std::string_view k_tls = "https://";

grpc::ChannelArguments channel_arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);        // a watch that catches up gets 38 MB in one message
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);  // whoever asks decides what is asked again
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a broken connection is not shared with the next channel
  // etcd closes connections that ping more often than every 5 s (--grpc-keepalive-min-time).
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 6'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 3'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1'000);
  return arguments;
}

}  // namespace

Member::Member(std::string its_endpoint, const std::shared_ptr<grpc::Channel>& channel)
    : endpoint(std::move(its_endpoint)),
      kv(pb::KV::NewStub(channel)),
      watch(pb::Watch::NewStub(channel)),
      lease(pb::Lease::NewStub(channel)),
      maintenance(pb::Maintenance::NewStub(channel)),
      auth(pb::Auth::NewStub(channel)) {}

Result<std::unique_ptr<Members>> Members::make(const EngineSettings& settings) {
  if (settings.endpoints.empty()) return failure(Errc::start_up, "etcd needs one endpoint at least", "endpoints");
  const bool uses_tls = settings.endpoints.front().starts_with(k_tls);
  std::vector<std::string> addresses;
  for (const std::string& endpoint : settings.endpoints) {
    const bool is_tls = endpoint.starts_with(k_tls);
    if (is_tls != uses_tls) {
      return failure(Errc::start_up, "etcd's endpoints are all https:// or none is: " + endpoint, "endpoints");
    }
    std::string_view address = endpoint;
    if (is_tls || address.starts_with(k_plain)) address.remove_prefix((is_tls ? k_tls : k_plain).size());
    while (address.ends_with('/')) address.remove_suffix(1);
    const std::size_t colon = address.rfind(':');
    if (address.find('/') != std::string_view::npos || colon == std::string_view::npos || colon == 0 ||
        colon + 1 == address.size() || address.find_first_not_of("0123456789", colon + 1) != std::string_view::npos) {
      return failure(Errc::start_up,
                     "an endpoint of etcd is https://host:port, http://host:port or host:port, not " + endpoint,
                     "endpoints");
    }
    addresses.emplace_back(address);
  }
  if (settings.certificate.empty() != settings.private_key.empty()) {
    return failure(Errc::start_up, "a client certificate and its private key come together", "certificate");
  }
  if (!uses_tls && !(settings.authorities.empty() && settings.certificate.empty())) {
    return failure(Errc::start_up, "certificates are for endpoints that begin with https://", "endpoints");
  }
  const auto credentials =
      uses_tls ? grpc::SslCredentials({settings.authorities, settings.private_key, settings.certificate})
               : grpc::InsecureChannelCredentials();
  return std::unique_ptr<Members>(new Members(settings, std::move(addresses), credentials));
}

Members::Members(const EngineSettings& settings, std::vector<std::string> addresses,
                 std::shared_ptr<grpc::ChannelCredentials> credentials)
    : settings_(settings), addresses_(std::move(addresses)), credentials_(std::move(credentials)), member_(connect()) {}

std::shared_ptr<Member> Members::connect() const {
  return std::make_shared<Member>(settings_.endpoints[asked_],
                                  grpc::CreateCustomChannel(addresses_[asked_], credentials_, channel_arguments()));
}

std::shared_ptr<Member> Members::current() {
  const std::lock_guard lock(mutex_);
  return member_;
}

void Members::move_on(const Member& from) {
  const std::lock_guard lock(mutex_);
  if (member_.get() != &from) return;
  asked_ = (asked_ + 1) % addresses_.size();
  member_ = connect();  // of a single member too: a connection that hangs is given up
}

void Members::prepare(grpc::ClientContext& context, milliseconds deadline) {
  if (deadline.count() != 0) context.set_deadline(std::chrono::system_clock::now() + deadline);
  if (!logs_in()) return;
  const std::lock_guard lock(mutex_);
  if (!token_.empty()) context.AddMetadata("token", token_);
}

void Members::set_token(std::string token) {
  const std::lock_guard lock(mutex_);
  token_ = std::move(token);
}

}  // namespace rollcall::cluster::etcd
