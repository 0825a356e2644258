#include "net/checks/probe.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "net/checks/attempt.h"

namespace rollcall::net {
namespace {

namespace asio = boost::asio;
using health::RunEnd;
using health::RunResult;

// Shared with the look-up, which may end after the attempt has.
struct LookUp {
  std::optional<Result<std::vector<IpAddress>>> found;
  asio::steady_timer* alarm = nullptr;  // null: the wait is over
};

asio::awaitable<Result<std::vector<IpAddress>>> look_up(std::string host, HostNames& names, CheckAttempt& attempt) {
  const auto shared = std::make_shared<LookUp>();
  shared->alarm = &attempt.alarm();
  names.find(host, [shared](const Result<std::vector<IpAddress>>& found) {
    shared->found = found;
    if (shared->alarm != nullptr) shared->alarm->cancel();
  });
  boost::system::error_code ignored;
  if (!shared->found) co_await attempt.alarm().async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  shared->alarm = nullptr;
  if (!shared->found) co_return failure(Errc::invalid, fmt::format("{} is not found in time", host));
  co_return std::move(*shared->found);
}

asio::awaitable<RunResult> run_guarded(const registry::CheckRun& run, EventLoop& loop, HostNames& names,
                                       const CheckPermit& permits) {
  const health::Check& check = *run.check;
  CheckAttempt attempt(loop, check, run.timeout);
  std::vector<IpAddress> addresses = run.addresses;
  if (!check.address.empty()) {
    if (const std::optional<IpAddress> literal = IpAddress::parse(check.address)) {
      addresses = {*literal};
    } else {
      Result<std::vector<IpAddress>> found = co_await look_up(check.address, names, attempt);
      if (!found) {
        const bool is_ours = found.error().code == Errc::overloaded;
        co_return RunResult{is_ours ? RunEnd::not_run : RunEnd::failed, found.error().message};
      }
      addresses = std::move(*found);
    }
  }
  const std::uint16_t port = check.port == 0 ? run.port : check.port;
  RunResult last{RunEnd::failed, "there is no address to ask"};
  bool all_refused = true;
  std::optional<RunResult> not_run;
  for (const IpAddress& address : addresses) {
    const IpEndpoint endpoint{address, port};
    if (permits(address)) {
      last = co_await attempt.ask(endpoint);
    } else {
      last = {RunEnd::failed, fmt::format("{}: [checks] allow and deny do not permit it", endpoint.text())};
    }
    if (last.end == RunEnd::passed || attempt.is_over()) break;
    all_refused = all_refused && last.end == RunEnd::refused;
    if (last.end == RunEnd::not_run) not_run = last;
  }
  // One of the addresses could not be asked, so the run has no verdict.
  if (not_run && last.end != RunEnd::passed) co_return *not_run;
  // `refused` only if every address refused: then nothing listens.
  if (last.end == RunEnd::refused && !all_refused) last.end = RunEnd::failed;
  co_return last;
}

}  // namespace

asio::awaitable<RunResult> run_check(registry::CheckRun run, EventLoop& loop, HostNames& names,
                                     const CheckPermit& permits) {
  try {
    co_return co_await run_guarded(run, loop, names, permits);
  } catch (const std::exception& exception) {
    co_return RunResult{RunEnd::not_run, fmt::format("the check cannot run: {}", exception.what())};
  }
}

}  // namespace rollcall::net
