#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "common/sync/mutex.h"
#include "common/tls/material.h"
#include "common/tls/memory_file.h"
#include "common/tls/verdict.h"

namespace nmn::tls {

// The TLS of one process: its certificate and whom it trusts, as the files have it, and who was refused. A thread looks
// at the files; what changed and fits together takes the place of what there was, for connections from then on. What
// does not fit together is reported, and the old goes on. Thread-safe.
class Tls {
 public:
  struct Options {
    Files files;
    std::optional<Role> role;  // the certificate's holder must have it
    std::chrono::milliseconds look_every{1000};
  };

  // The errors of LoadMaterial, and RESOURCE_EXHAUSTED.
  static absl::StatusOr<std::shared_ptr<Tls>> Open(const Options& options);
  ~Tls();

  std::shared_ptr<const Material> material() const;

  // Counts somebody who was not let in, and says so in the log: at once, and then once in ten seconds for each reason.
  void Refuse(Refusal reason, const std::string& sentence);
  // The sentence of the newest refusal, once; empty where there is none since the last call.
  std::string TakeRefusal();

  // For metrics.
  struct State {
    std::array<uint64_t, kRefusals> refused{};
    int64_t certificate_ends = 0;  // Unix seconds
    uint64_t reloads = 0;          // since the process began
    bool broken = false;           // the files as they are now cannot be used
  };
  State state() const;

  // Of files that have the newest material: the key and the certificates; the authorities.
  std::string identity_path() const { return identity_file_.path(); }
  std::string authorities_path() const { return authorities_file_.path(); }

 private:
  using Clock = std::chrono::steady_clock;
  struct Said {
    std::optional<Clock::time_point> at;
    uint64_t unsaid = 0;
  };

  Tls(const Options& options, std::shared_ptr<const Material> material, MemoryFile identity, MemoryFile authorities);
  void Watch();
  void Look();
  void Reload();
  void Remind();

  const Options options_;
  MemoryFile identity_file_;
  MemoryFile authorities_file_;

  // The watching thread's.
  std::string loaded_;         // what the files looked like when they were last read
  std::string seen_;           // at the last look
  Clock::time_point read_at_;  // when they were last read
  std::optional<Clock::time_point> reminded_;

  mutable Mutex mutex_;
  CondVar changed_;
  bool stopping_ NMN_GUARDED_BY(mutex_) = false;
  std::shared_ptr<const Material> material_ NMN_GUARDED_BY(mutex_);
  State state_ NMN_GUARDED_BY(mutex_);
  std::array<Said, kRefusals> said_ NMN_GUARDED_BY(mutex_);
  std::string last_refusal_ NMN_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace nmn::tls
