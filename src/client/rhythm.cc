#include "client/rhythm.h"

#include <algorithm>

#include "base/limits.h"
#include "client/endpoint_key.h"

namespace rollcall::client {
namespace {

using std::chrono::milliseconds;

// Random jitter: `wait` changed by up to `part` of it, in both directions.
milliseconds about(milliseconds wait, double part, Rhythm::Random& random) {
  const double factor = 1.0 - part + 2 * part * unit(random);
  return milliseconds(static_cast<milliseconds::rep>(static_cast<double>(wait.count()) * factor));
}

}  // namespace

milliseconds Rhythm::after_acknowledgement(Random& random) {
  errors_ = 0;
  return about(lease_ / 3, 0.1, random);
}

milliseconds Rhythm::after_error(milliseconds retry_after, Random& random) {
  const milliseconds most = std::min(lease_ / 3, limits::k_client_beat_retry_max);
  const milliseconds wait = std::min(limits::k_client_beat_retry * (1U << std::min(errors_, 10U)), most);
  ++errors_;
  return std::max(about(wait, 0.2, random), std::min(retry_after, limits::k_client_retry_after_max));
}

}  // namespace rollcall::client
