// Row 5: a run killed at each step of a save, of a restore and of a start goes on from the checkpoint before or the new
// one.

#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "tests/fault/fleet/fleet.h"
#include "tests/fault/fleet/records.h"
#include "tests/fault/row.h"
#include "tests/integration/tiny_run.h"

namespace nmn::fault {
namespace {

constexpr int kUpdates = 8;
constexpr int kSaved[] = {0, 3, 6, 8};  // a tiny run saves at its start, after every third update and at its end
constexpr int kNone = -1;               // no checkpoint was completed: the run begins anew (RestoredUpdate)
constexpr int kKilled = 128 + SIGKILL;

// A run to be killed, and what may be found after it.
struct Kill {
  std::string first;      // failpoints of the first life
  std::string second;     // of the second, which resumes; none where empty
  bool corrupt = false;   // the newest checkpoint is damaged between them
  int before = kNone;     // checkpoint that is there for sure
  int after = kNone;      // the one that is being written
  bool reported = false;  // ... is written and verified: it must be found
};

testing::Outcome Live(const std::string& run, bool resume, const std::string& failpoints) {
  std::vector<std::string> more = {"--seed=7", "--actors=1", "--threads=1", "--event_log"};
  if (resume) more.push_back("--resume");
  std::vector<std::string> environment;
  if (!failpoints.empty()) environment.push_back("NMN_FAILPOINTS=" + failpoints);
  return testing::RunProcess(testing::TinyTrain(run, kUpdates, more), kPatience, environment);
}

void Corrupt(const std::string& run, int update) {
  char name[32];
  std::snprintf(name, sizeof(name), "ckpt-%08d", update);
  const std::string path = run + "/checkpoints/" + name + "/weights.safetensors";
  std::string bytes = testing::ReadFile(path);
  ASSERT_FALSE(bytes.empty()) << path;
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  testing::WriteFile(path, bytes);
}

void Expect(const Kill& kill) {
  SCOPED_TRACE(kill.first + " | " + kill.second);
  const testing::TemporaryDirectory folder;
  const std::string run = folder.path() + "/run";
  testing::Outcome life = Live(run, false, kill.first);
  ASSERT_EQ(life.code, kKilled) << life.err;
  if (kill.corrupt) Corrupt(run, kill.after);
  if (!kill.second.empty()) {
    life = Live(run, true, kill.second);
    ASSERT_EQ(life.code, kKilled) << life.err;
  }
  life = Live(run, true, "");
  ASSERT_EQ(life.code, 0) << life.err;
  const int restored = RestoredUpdate(life.err);
  EXPECT_TRUE((restored == kill.before && !kill.reported) || restored == kill.after)
      << "restored " << restored << "; before " << kill.before << ", after " << kill.after << ": " << life.err;
  ExpectHash(testing::WeightsHash(run), FaultFreeHash({.updates = kUpdates}));
  ExpectRecords(run, kUpdates);
}

// At a hit of a point of a save.
Kill DuringSave(const std::string& point, std::mt19937_64& random) {
  const std::string name = "checkpoint.save." + point;
  Kill kill;
  size_t save = Below(random, std::size(kSaved));
  uint64_t hit = save + 1;
  if (point == "file_written") hit = 3 * save + 1 + Below(random, 3);
  if (point == "removing") {  // three are kept
    save = 3;
    hit = 1;
  }
  kill.first = absl::StrCat(name, "=hit:", hit, ":crash");
  if (point == "moved_aside") {
    // The second of two saves of one update: the first failed after its rename, then the run had to end.
    save = 1 + Below(random, 2);
    kill.first = absl::StrCat(name, "=crash;checkpoint.save.directory_synced=hit:", save + 1,
                              ":error:UNAVAILABLE;run.update.begin=hit:", kSaved[save] + 1, ":error:UNAVAILABLE");
  }
  kill.before = save == 0 ? kNone : kSaved[save - 1];
  kill.after = kSaved[save];
  kill.reported = point == "verified" || point == "removing" || point == "done";
  return kill;
}

// At a point of the start of a second life, after a first that died in some update.
Kill DuringRestore(const std::string& point, std::mt19937_64& random) {
  const bool moved = point == "checkpoint.restore.moved_corrupt";
  const size_t save = moved ? 1 + Below(random, 2) : Below(random, 3);
  Kill kill;
  kill.first = absl::StrCat("run.update.done=hit:", kSaved[save] + 1 + Below(random, save == 2 ? 2 : 3), ":crash");
  kill.second = point + "=crash";
  kill.after = kSaved[save];
  kill.before = moved ? kSaved[save - 1] : kill.after;
  kill.corrupt = moved;
  return kill;
}

// At a point of the start of the first life.
Kill DuringBeginning(const std::string& point) {
  Kill kill;
  kill.first = point + "=crash";
  kill.after = point == "run.start.serving" ? 0 : kNone;
  kill.reported = true;
  return kill;
}

using KillAt = std::function<Kill(uint64_t trial, std::mt19937_64& random)>;

std::map<std::string, KillAt> AllKills() {
  std::map<std::string, KillAt> kills;
  for (const char* point : {"begin", "file_written", "manifest_written", "folder_synced", "moved_aside", "renamed",
                            "directory_synced", "verified", "removing", "done"})
    kills[absl::StrCat("save.", point)] = [point](uint64_t, auto& random) { return DuringSave(point, random); };
  for (const char* point : {"begin", "temporaries_removed", "read", "moved_corrupt"}) {
    const std::string name = absl::StrCat("checkpoint.restore.", point);
    kills[name] = [name](uint64_t, auto& random) { return DuringRestore(name, random); };
  }
  for (const char* point : {"locked", "cut_back", "config_written", "generation_written", "serving"}) {
    const std::string name = absl::StrCat("run.start.", point);
    kills[name] = [name](uint64_t trial, auto& random) {
      return trial % 2 == 0 ? DuringRestore(name, random) : DuringBeginning(name);
    };
  }
  return kills;
}

// The points that the matrix counts: the steps of a save that leave different files behind, and the restore.
const std::set<std::string> kCounted = {
    "save.file_written",     "save.manifest_written", "save.folder_synced",      "save.renamed",
    "save.directory_synced", "save.removing",         "checkpoint.restore.read", "checkpoint.restore.moved_corrupt"};

TEST(Row5, ARunKilledInASaveOrARestoreGoesOnFromTheCheckpointBeforeOrTheNewOne) {
  const std::set<std::string> few = {"save.file_written", "save.removing", "checkpoint.restore.moved_corrupt"};
  std::mt19937_64 random(5);
  uint64_t points = 0, kills = 0, wanted = 0, counted = 0, counted_wanted = 0;
  for (const auto& [name, kill] : AllKills()) {
    const bool counts = kCounted.contains(name);
    const uint64_t each = Full() ? (counts ? 20 : 5) : few.contains(name) ? 1 : 0;
    points += each > 0 ? 1 : 0;
    for (uint64_t trial = 0; trial < each; ++trial) {
      ++wanted;
      counted_wanted += counts ? 1 : 0;
      if (HasFailure()) continue;
      Expect(kill(trial, random));
      kills += HasFailure() ? 0 : 1;
      counted += counts && !HasFailure() ? 1 : 0;
    }
  }
  PrintFigure("5", absl::StrCat(counted, "/", counted_wanted, " kills in save and restore, ", kills, "/", wanted,
                                " with those at other steps and at the start, ", points,
                                " points: the checkpoint before or the new one was loaded, ", HashFigure()));
}

}  // namespace
}  // namespace nmn::fault
