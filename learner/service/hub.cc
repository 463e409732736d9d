#include "learner/service/hub.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "learner/service/exchange.h"

namespace nmn::service {

Hub::Hub(ingest::CoreOptions options, Gate the_gate, const Limits& the_limits)
    : layout(options.shape.layout),
      gate(std::move(the_gate)),
      limits(the_limits),
      core(std::move(options)),
      addresses(the_limits.address_streams, the_limits.address_registrations),
      timer_thread_([this] { WatchTime(); }) {}

Hub::~Hub() {
  {
    MutexLock lock(mutex);
    stopping_ = true;
    timer_changed_.NotifyAll();
  }
  timer_thread_.join();
}

ingest::Time Hub::Now() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void Hub::Dispatch() {
  const ingest::Time now = Now();
  ingest::Decisions decisions = core.Decide(now);
  for (const ingest::Close& close : decisions.closes) {
    if (Exchange* stream = Find(close.stream); stream != nullptr) {
      stream->AssertLocked();
      stream->Abort(close.status);
    }
  }
  for (const std::string& warning : decisions.warnings) spdlog::warn("{}", warning);
  for (ingest::Grant& grant : decisions.grants) {
    if (Exchange* stream = Find(grant.stream); stream != nullptr) {
      stream->AssertLocked();
      stream->SendLease(std::move(grant.lease));
    }
  }
  for (const ingest::StreamId id : std::set(quarantined)) {
    if (core.Quarantined(id, now)) continue;
    if (Exchange* stream = Find(id); stream != nullptr) {
      stream->AssertLocked();
      stream->ReadAgain();
    }
  }
  if (const std::optional<ingest::Time> next = core.NextInstant(now); next != timer_) {
    timer_ = next;
    timer_changed_.NotifyAll();
  }
  changed.NotifyAll();
}

metrics::LimitsReached Hub::LimitsReached() const {
  metrics::LimitsReached reached = limits_reached;
  const ingest::LimitsMet& of_core = core.actors().limits_met();
  reached[metrics::Limit::kActors] = of_core.actors;
  reached[metrics::Limit::kHelloTime] = of_core.hellos;
  reached[metrics::Limit::kStrikes] = of_core.quarantines;
  return reached;
}

void Hub::SayGoodbye(v1::GoodbyeReason reason) {
  goodbye = reason;
  for (const auto& [id, stream] : streams) {
    stream->AssertLocked();
    stream->SayGoodbye(reason);
  }
}

Exchange* Hub::Find(ingest::StreamId stream) {
  const auto found = streams.find(stream);
  return found == streams.end() ? nullptr : found->second;
}

void Hub::WatchTime() {
  while (true) {
    const HubLock lock(*this);  // anew in each turn: leases are written when it is free
    if (stopping_) return;
    if (!timer_) {
      timer_changed_.Wait(mutex);
      continue;
    }
    const std::chrono::duration<double> until(*timer_);
    timer_changed_.WaitUntil(mutex, start_ + std::chrono::ceil<std::chrono::steady_clock::duration>(until));
    if (timer_ && Now() >= *timer_) Dispatch();
  }
}

HubLock::~HubLock() {
  const std::vector<Exchange*> writers = std::exchange(hub_.writers, {});
  hub_.mutex.Unlock();
  for (Exchange* stream : writers) stream->Write();
}

}  // namespace nmn::service
