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
  uint32_t checkpoint_update = 0;  // of the last checkpoint; below `updates` where the end could not be saved
  uint64_t episodes = 0;
  uint64_t environment_steps = 0;
  double final_return_mean = 0;      // over the last 1000 episodes
  double final_discounted_mean = 0;  // over the last 1000 episodes
  double wall_seconds = 0;
  std::map<std::string, double> phase_seconds;
  std::string weights_sha256;
  bool complete = false;  // the budget or the return was reached
  std::string ended_by;   // "budget", "stop_at_return"; if it is not complete "signal" or "failure"
  std::optional<v1::EvaluationRecord> last_evaluation, best_evaluation;
  std::optional<v1::Lineage> lineage;
};

// The files of a run that a person or a tool reads (docs/run_files.md): config.textproto, metrics.jsonl, episodes.csv,
// TensorBoard events, events.jsonl, policy.safetensors, summary.json. Files that grow get whole lines, flushed at once.
// A kill leaves at most a torn last line, which CutBack removes. Checkpoints are not here. One writer; not thread-safe.
class RunDirectory {
 public:
  // The directory must exist. PERMISSION_DENIED names it if it cannot be written. Its files become files of its own
  // (fs::MakeOwnFile): a snapshot by cp -al keeps its content.
  static absl::StatusOr<std::unique_ptr<RunDirectory>> Open(fs::FileSystem& fs, const std::string& directory);
  ~RunDirectory();

  // The first file that only a run with a checkpoint has: rows, a policy or a summary. "" if there is none.
  absl::StatusOr<std::string> TraceOfARun();
  // For a directory without a run: the path of a file that a run would write over although no run has written it, or
  // that makes it the directory of a sweep. "" if there is none.
  absl::StatusOr<std::string> ForeignFile();
  absl::Status WriteConfig(const v1::RunConfig& config);
  absl::Status PutBackConfig(const v1::RunConfig& config);  // writes it only if it is gone
  // After an error the rows wait in memory for the next call that can write them. Until then SyncedLengths fails.
  absl::Status Append(const metrics::MetricsRecord& metrics, const EpisodeRows& episodes);
  uint64_t waiting_bytes() const;
  // One sentence, once, if a file that grows became shorter under the run. Rows of earlier updates are then lost, and
  // readers find the gap by the update that each row names. Empty if nothing was lost.
  std::string TakeLoss();
  // Whole lines for events.jsonl (event_log.h).
  absl::Status AppendEvents(const std::string& lines);
  // Files of policy_file.h, encoded.
  absl::Status WritePolicy(const std::string& encoded);
  absl::Status WriteBestPolicy(const std::string& encoded);  // empty: there is none
  absl::Status WriteSummary(const Summary& summary);

  // Writes what waits, fsyncs the files that grow and returns their lengths by name, for RunProgress.file_bytes.
  absl::StatusOr<std::map<std::string, uint64_t>> SyncedLengths();
  // If files that grow are shorter than `lengths` says: changes `lengths` to what is left of them in whole rows, for
  // CutBack, and returns in one sentence what is lost. Empty if nothing is.
  absl::StatusOr<std::string> AcceptLoss(std::map<std::string, uint64_t>& lengths);
  // The updates of metrics.jsonl; none if there is no such file.
  absl::StatusOr<metrics::UpdateHistory> History();
  // DATA_LOSS where a file that grows is shorter than `lengths` says, or ends within a row there.
  absl::Status CheckRows(const std::map<std::string, uint64_t>& lengths);
  // Removes what an earlier run ended with: its policy and its summary.
  absl::Status RemoveOutcome();
  std::string policy_path() const;
  // Cuts each file that grows back to its length in the checkpoint. Removes one that is not listed.
  absl::Status CutBack(const std::map<std::string, uint64_t>& lengths);

 private:
  class Files;
  explicit RunDirectory(std::unique_ptr<Files> files);
  std::unique_ptr<Files> files_;
};

// runs/<benchmark>-<arch>-<preset>-s<seed>-<utc>, e.g. runs/b1-nmn-fast-s1-20261124T081500Z.
std::string DefaultRunDirectory(const v1::RunConfig& config);
// Makes it. If it is there already, makes the first of NAME-2, NAME-3, .. that is not, so that runs that begin in the
// same second get one each. If none can be made, returns NAME; whoever opens that gets the error.
std::string MakeDefaultRunDirectory(const v1::RunConfig& config);
// After a start that failed: removes the directory again, if nothing was written into it.
void RemoveUnusedRunDirectory(const std::string& directory);

}  // namespace nmn::run
