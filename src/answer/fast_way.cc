#include "answer/fast_way.h"

#include <algorithm>

#include "answer/look_up/fast_answer.h"
#include "base/check.h"
#include "base/rcu.h"

namespace rollcall::answer {

constinit const std::atomic<bool> FastWay::k_open{true};
constinit const std::atomic<bool> FastWay::k_closed{false};

void FastWay::read_ahead(Bytes message, FastQuery& question) const {
  question.is_fast = false;
  if (is_open() && question.read(message, zones_.table())) roster_.fetch_place(question.service_hash);
}

void FastWay::fetch_ahead(const FastQuery& question) const {
  if (question.is_fast) roster_.fetch_answers(question.service_hash);
}

std::optional<std::size_t> FastWay::answer(Bytes message, const Client& client, registry::LeaseTime now,
                                           WritableBytes out, WorkerState& worker, const FastQuery* read) const {
  const rcu::ReadLock lock;
  FastQuery own;
  if (read == nullptr) {
    own.read(message, zones_.table());
    read = &own;
  }
  const FastQuery& question = *read;
  if (!question.is_fast) return std::nullopt;
  const ServiceAnswers* answers = roster_.find_service(question.service(), question.service_hash, now);
  if (answers == nullptr) return std::nullopt;
  FastAnswer answer(message, question, out.first(std::min(out.size(), udp_payload_)),
                    static_cast<std::uint16_t>(udp_payload_));
  std::size_t size = answer.write(*answers, now, worker.random, worker.scratch);
  if (size == 0) return std::nullopt;
  const auto verdict = worker.rate_limiter.judge(rate_limit_, client.address, AnswerKind::positive, now);
  switch (verdict) {
    case RateLimiter::Verdict::send: break;
    case RateLimiter::Verdict::drop: worker.counters.count_limited(Counters::Limited::dropped); return 0;
    case RateLimiter::Verdict::cut:  // no cookie was sent: the client comes back over TCP
      worker.counters.count_limited(Counters::Limited::truncated);
      size = answer.write_cut();
  }
  const bool is_cut = verdict == RateLimiter::Verdict::cut;
  worker.counters.count_answer(question.type, dns::Rcode::noerror, is_cut, size);
  return size;
}

}  // namespace rollcall::answer
