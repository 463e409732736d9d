#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/fs/file_system.h"
#include "common/tensor/named_tensor.h"
#include "common/trajectory/trials.h"
#include "learner/metrics/record.h"
#include "learner/metrics/update_history.h"
#include "nmn/v1/checkpoint.pb.h"
#include "nmn/v1/learner.pb.h"

namespace nmn::run {

// The episodes of one update, for episodes.csv.
struct EpisodeRows {
  uint32_t update = 0;
  std::vector<double> raw;                             // [episode]
  std::vector<double> discounted;                      // [episode]
  std::vector<std::string> measure_names;              // the columns after those two; the same in every call
  std::vector<std::vector<double>> measures;           // [measure][episode]
  std::vector<trajectory::EpisodeTrials> trials = {};  // [episode] of a task with trials; else none
};

// summary.json.
struct Summary {
  std::string run_id;
  v1::BuildInfo build;
  v1::RunConfig config;
  uint32_t updates = 0;
  uint64_t episodes = 0;
  uint64_t environment_steps = 0;
  double final_return_mean = 0;      // over the last 1000 episodes
  double final_discounted_mean = 0;  // over the last 1000 episodes
  double wall_seconds = 0;
  std::map<std::string, double> phase_seconds;
  std::string weights_sha256;
  bool complete = false;  // budget or return reached
  std::string ended_by;   // "budget", "stop_at_return", or "signal" where it is not complete
  std::optional<v1::EvaluationRecord> last_evaluation, best_evaluation;
  std::optional<v1::Lineage> lineage;
};

// The files of a run that a person or a tool reads (operations.md): config.textproto, metrics.jsonl, episodes.csv,
// TensorBoard events, events.jsonl, policy.safetensors, summary.json. Growing files get whole lines, flushed at once; a
// kill leaves at most a torn last line, which CutBack removes. Checkpoints are not its business. One writer; not
// thread-safe.
class RunDirectory {
 public:
  // The directory must exist. PERMISSION_DENIED names it where it cannot be written.
  static absl::StatusOr<std::unique_ptr<RunDirectory>> Open(fs::FileSystem& fs, const std::string& directory);
  ~RunDirectory();

  // The first file that only a run with a checkpoint has: rows, a policy or a summary; "" where there is none.
  absl::StatusOr<std::string> TraceOfARun();
  // Of a directory without a run: the path of a file that a run would write anew and that no run has written, or that
  // makes it the directory of a sweep; "" where there is none.
  absl::StatusOr<std::string> ForeignFile();
  absl::Status WriteConfig(const v1::RunConfig& config);
  absl::Status PutBackConfig(const v1::RunConfig& config);  // where it is gone
  // After an error the rows wait in memory for the next call that can write them; until then no length is told.
  absl::Status Append(const metrics::MetricsRecord& metrics, const EpisodeRows& episodes);
  uint64_t waiting_bytes() const;
  // One sentence, once, where a growing file became shorter under the run: rows of earlier updates are lost, and
  // readers find the gap by the update that each row names. Empty where nothing was lost.
  std::string TakeLoss();
  // Whole lines for events.jsonl (event_log.h).
  absl::Status AppendEvents(const std::string& lines);
  // Files of policy_file.h, encoded.
  absl::Status WritePolicy(const std::string& encoded);
  absl::Status WriteBestPolicy(const std::string& encoded);  // empty: there is none
  absl::Status WriteSummary(const Summary& summary);

  // Writes what waits, fsyncs the growing files and tells their lengths by name, for RunProgress.file_bytes.
  absl::StatusOr<std::map<std::string, uint64_t>> SyncedLengths();
  // Where growing files are shorter than `lengths` says: makes it what is left of them in whole rows, for CutBack, and
  // tells in one sentence what is lost. Empty where nothing is.
  absl::StatusOr<std::string> AcceptLoss(std::map<std::string, uint64_t>& lengths);
  // The updates of metrics.jsonl; none where there is no such file.
  absl::StatusOr<metrics::UpdateHistory> History();
  // Cuts each growing file back to its length in the checkpoint; one that is not listed is removed.
  absl::Status CutBack(const std::map<std::string, uint64_t>& lengths);

 private:
  class Files;
  explicit RunDirectory(std::unique_ptr<Files> files);
  std::unique_ptr<Files> files_;
};

// runs/<benchmark>-<arch>-<preset>-s<seed>-<utc>, e.g. runs/b1-nmn-fast-s1-20261124T081500Z.
std::string DefaultRunDirectory(const v1::RunConfig& config);
// Makes it, or where it is there already the first that is not of NAME-2, NAME-3, ..: runs that begin in the same
// second get one each. Where none can be made returns NAME, which whoever opens it will find.
std::string MakeDefaultRunDirectory(const v1::RunConfig& config);
// Of a start that failed: takes it away again, where nothing was written into it.
void RemoveUnusedRunDirectory(const std::string& directory);

}  // namespace nmn::run
