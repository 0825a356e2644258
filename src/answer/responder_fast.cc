// The usual question, from the datagram to the answer without a detour.
#include <algorithm>
#include <optional>

#include "answer/look_up/fast_answer.h"
#include "answer/look_up/fast_query.h"
#include "answer/responder.h"
#include "base/rcu.h"

namespace rollcall::answer {

bool Responder::has_fast_way(const ResponderSettings& settings) {
  const bool answers_all = settings.access.allow.empty() && settings.access.deny.empty();
  return answers_all && settings.cookies_required_above == 0 && !settings.explains;
}

void Responder::read_ahead(Bytes message, FastQuery& question) const {
  question.is_fast = false;
  if (has_fast_way_ && question.read(message, zones_.table())) roster_.fetch_place(question.service_hash);
}

void Responder::fetch_ahead(const FastQuery& question) const {
  if (question.is_fast) roster_.fetch_answers(question.service_hash);
}

std::optional<std::size_t> Responder::answer_fast(Bytes message, const FastQuery& question, const Client& client,
                                                  registry::LeaseTime now, WritableBytes out,
                                                  WorkerState& worker) const {
  const ServiceAnswers* answers = roster_.find_service(question.service(), question.service_hash, now);
  if (answers == nullptr) return std::nullopt;
  FastAnswer answer(message, question, out.first(std::min(out.size(), settings_.udp_payload)),
                    static_cast<std::uint16_t>(settings_.udp_payload));
  std::size_t size = answer.write(*answers, now, worker.random, worker.scratch);
  if (size == 0) return std::nullopt;
  const auto verdict = worker.rate_limiter.judge(settings_.rate_limit, client.address, AnswerKind::positive, now);
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
