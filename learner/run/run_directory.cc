#include "learner/run/run_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <initializer_list>
#include <iterator>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/config/config.h"
#include "common/failpoint/failpoint.h"
#include "common/fs/errors.h"
#include "common/fs/own_file.h"
#include "common/text/counted.h"
#include "learner/run/records.h"
#include "learner/run/tfevents.h"

namespace nmn::run {
namespace {

const char kConfig[] = "config.textproto";
const char kPolicy[] = "policy.safetensors";
const char kBestPolicy[] = "policy-best.safetensors";
const char kSummary[] = "summary.json";
// The growing files.
const char kMetrics[] = "metrics.jsonl";
const char kEpisodes[] = "episodes.csv";
const char kFirstColumn[] = "update,";             // of episodes.csv
const char kEvents[] = "events.out.tfevents.nmn";  // TensorBoard reads every file whose name holds "tfevents"
const char kSweep[] = "sweep.json";                // of the directory of a sweep, which holds runs and is none
const char kEventLog[] = "events.jsonl";
const char* const kRecords[] = {kMetrics, kEpisodes, kEvents};  // get their share of each update
// What nmn train draws beside them when the run has ended.
const std::initializer_list<const char*> kFigures = {"learning_curve.csv", "learning_curve.png", "learning_curve.svg",
                                                     "learning_curve_raw.png", "learning_curve_raw.svg"};
const char* const kGrowing[] = {kMetrics, kEpisodes, kEvents, kEventLog};

const char kCheckpoints[] = "checkpoints";
const char kProbe[] = ".nmn-writable.tmp";  // as temporaries are called: nobody else's file

std::string Architecture(const v1::RunConfig& config) {
  return absl::AsciiStrToLower(v1::Architecture_Name(config.network().architecture()));
}

// Whether a file can be made there, and removed again.
absl::Status Probe(fs::FileSystem& fs, const std::string& directory) {
  const std::string path = absl::StrCat(directory, "/", kProbe);
  fs.RemoveAll(path).IgnoreError();  // a link would be written through
  const absl::Status written = fs.WriteDurably(path, "");
  return written.ok() ? fs.RemoveAll(path) : written;
}

absl::Status NotWritable(const std::string& directory, const absl::Status& status) {
  // A file in the directory's place is as permanent as a missing permission.
  const bool permanent = absl::IsFailedPrecondition(status) || absl::IsPermissionDenied(status);
  return absl::Status(
      permanent ? absl::StatusCode::kPermissionDenied : status.code(),
      absl::StrCat("the run directory ", directory, " cannot be written (", std::string(status.message()), "); ",
                   absl::IsResourceExhausted(status) ? fs::RoomAdvice(status) : "change its permissions",
                   " or choose another --run_dir"));
}

// Of a file that rows of the run are missing from, or that cannot be written.
absl::Status WithAdvice(const absl::Status& status) {
  const char* const advice = absl::IsDataLoss(status) || absl::IsNotFound(status)
                                 ? "; the checkpoint counts on this file: put it back to continue the run, or go on "
                                   "without its lost rows with --accept_loss"
                                 : "; the run writes to this file: mend that to continue the run";
  return absl::Status(status.code(), absl::StrCat(std::string(status.message()), advice));
}

}  // namespace

class RunDirectory::Files {
 public:
  Files(fs::FileSystem& fs, std::string directory) : fs(fs), directory(std::move(directory)) {}

  std::string Path(const std::string& name) const { return absl::StrCat(directory, "/", name); }

  // 0 if there is none.
  absl::StatusOr<uint64_t> Length(const std::string& name) {
    const absl::StatusOr<bool> exists = fs.Exists(Path(name));
    if (!exists.ok()) return exists.status();
    if (!*exists) return 0;
    return fs.Size(Path(name));
  }

  // The first that is there and has content; "" if there is none.
  absl::StatusOr<std::string> FirstWithContent(std::initializer_list<const char*> names) {
    for (const char* name : names) {
      const absl::StatusOr<uint64_t> length = Length(name);
      if (!length.ok()) return length.status();
      if (*length > 0) return std::string(name);
    }
    return "";
  }

  absl::Status Replace(const std::string& name, const std::string& content) {
    const absl::StatusOr<fs::Target> target = fs.FollowLinks(Path(name));
    if (!target.ok()) return target.status();
    if (target->kind == fs::Target::Kind::kOther) {
      return absl::FailedPreconditionError(
          absl::StrCat("cannot write ", Path(name), ": it is a pipe, a socket or a device, and no file"));
    }
    return fs::WriteAtomically(fs, Path(name), content);
  }

  // Whether there is such a file whose content `is_ours` does not know.
  absl::StatusOr<bool> HasForeign(const char* name, bool (*is_ours)(const std::string& content)) {
    const absl::StatusOr<bool> exists = fs.Exists(Path(name));
    if (!exists.ok() || !*exists) return exists;
    const absl::StatusOr<std::string> content = fs.Read(Path(name));
    return !content.ok() || !is_ours(*content);
  }

  absl::Status AppendWaiting() {
    if (absl::Status status = failpoint::Hit(failpoint::Point::kRecordsAppend); !status.ok()) return status;
    for (size_t i = 0; i < std::size(kRecords); ++i) {
      if (waiting[i].empty()) continue;
      const absl::StatusOr<uint64_t> length = LengthOfRecord(i);
      if (!length.ok()) return length.status();
      const std::string rows = (*length == 0 ? beginning[i] : "") + waiting[i];
      if (absl::Status status = fs.Append(Path(kRecords[i]), rows); !status.ok()) return status;
      written[i] = *length + rows.size();
      waiting[i].clear();
      if (absl::Status status = failpoint::Hit(failpoint::Point::kRecordsBetweenFiles); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // Whether a file has this length at least, and a row ends there. Where none does, somebody has written the file anew.
  absl::Status CheckRowEnds(const char* name, uint64_t length) {
    const absl::StatusOr<uint64_t> there = Length(name);
    if (!there.ok()) return there.status();
    if (*there < length) {
      return absl::DataLossError(
          absl::StrCat(Path(name), " has only ", *there, " of the ", length, " bytes that it had at the checkpoint"));
    }
    if (std::string_view(name) != kEvents && length > 0) {
      const absl::StatusOr<std::string> last = fs.ReadPart(Path(name), length - 1, 1);
      if (!last.ok()) return last.status();
      if (!last->empty() && *last != "\n") {
        return absl::DataLossError(absl::StrCat(Path(name), " was changed: its first ", text::Counted(length, "byte"),
                                                length == 1 ? " does" : " do", " not end with a row"));
      }
    }
    return absl::OkStatus();
  }

  absl::Status CutTo(const char* name, uint64_t length) {
    if (absl::Status status = CheckRowEnds(name, length); !status.ok()) return status;
    return fs.Truncate(Path(name), length);
  }

  // Notices if somebody else took rows away since the last write.
  absl::StatusOr<uint64_t> LengthOfRecord(size_t record) {
    const absl::StatusOr<uint64_t> length = Length(kRecords[record]);
    if (length.ok() && *length < written[record]) {
      absl::StrAppend(&loss, loss.empty() ? "" : "; ", Path(kRecords[record]), " had ", written[record],
                      " bytes and has ", *length);
      written[record] = *length;
    }
    return length;
  }

  fs::FileSystem& fs;
  const std::string directory;
  std::string beginning[std::size(kRecords)];  // of an empty file
  std::string waiting[std::size(kRecords)];    // rows that are not in their file yet
  uint64_t written[std::size(kRecords)] = {};  // length after the last write of this process
  std::string loss;                            // what LengthOfRecord noticed and nobody was told
};

RunDirectory::RunDirectory(std::unique_ptr<Files> files) : files_(std::move(files)) {}
RunDirectory::~RunDirectory() = default;

absl::StatusOr<std::unique_ptr<RunDirectory>> RunDirectory::Open(fs::FileSystem& fs, const std::string& directory) {
  auto files = std::make_unique<Files>(fs, directory);
  if (absl::Status status = Probe(fs, directory); !status.ok()) return NotWritable(directory, status);
  // It may belong to somebody else, or be a mount of its own.
  const std::string checkpoints = files->Path(kCheckpoints);
  const absl::StatusOr<bool> begun = fs.Exists(checkpoints);
  if (!begun.ok()) return begun.status();
  if (absl::Status status = *begun ? Probe(fs, checkpoints) : absl::OkStatus(); !status.ok())
    return NotWritable(checkpoints, status);
  if (absl::Status status = fs::RemoveTemporaries(fs, directory); !status.ok()) return status;
  for (const char* name : {kConfig, kMetrics, kEpisodes, kEvents, kEventLog, kPolicy, kBestPolicy, kSummary}) {
    if (absl::Status status = fs::MakeOwnFile(files->Path(name)); !status.ok()) return status;
  }
  return std::unique_ptr<RunDirectory>(new RunDirectory(std::move(files)));
}

absl::StatusOr<std::string> RunDirectory::TraceOfARun() {
  return files_->FirstWithContent({kMetrics, kEpisodes, kEvents, kPolicy, kBestPolicy, kSummary});
}

absl::StatusOr<std::string> RunDirectory::ForeignFile() {
  const absl::StatusOr<bool> sweep = files_->fs.Exists(files_->Path(kSweep));
  if (!sweep.ok()) return sweep.status();
  if (*sweep) return files_->Path(kSweep);
  const absl::StatusOr<bool> config = files_->HasForeign(kConfig, [](const std::string& text) {
    const absl::StatusOr<v1::RunConfig> parsed = config::Parse(text, kConfig);
    return parsed.ok() && config::Print(*parsed) == text;
  });
  if (!config.ok()) return config.status();
  if (*config) return files_->Path(kConfig);
  const absl::StatusOr<bool> log = files_->HasForeign(
      kEventLog, [](const std::string& lines) { return lines.empty() || lines.starts_with("{\"event\":\""); });
  if (!log.ok()) return log.status();
  if (*log) return files_->Path(kEventLog);
  const absl::StatusOr<std::string> figure = files_->FirstWithContent(kFigures);
  return !figure.ok() || figure->empty() ? figure : files_->Path(*figure);
}

absl::Status RunDirectory::WriteConfig(const v1::RunConfig& config) {
  return files_->Replace(kConfig, config::Print(config));
}

absl::Status RunDirectory::PutBackConfig(const v1::RunConfig& config) {
  const absl::StatusOr<bool> exists = files_->fs.Exists(files_->Path(kConfig));
  if (!exists.ok()) return exists.status();
  return *exists ? absl::OkStatus() : WriteConfig(config);
}

absl::Status RunDirectory::Append(const metrics::MetricsRecord& metrics, const EpisodeRows& episodes) {
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  files_->beginning[1] = EpisodesHeader(episodes);
  files_->beginning[2] = FileVersionRecord(now);
  files_->waiting[0] += MetricsLine(metrics);
  files_->waiting[1] += EpisodesLines(episodes);
  files_->waiting[2] += ScalarsRecord(now, static_cast<int64_t>(metrics.environment_steps), EventScalars(metrics));
  return files_->AppendWaiting();
}

std::string RunDirectory::TakeLoss() {
  if (files_->loss.empty()) return "";
  return absl::StrCat(std::exchange(files_->loss, ""),
                      ": somebody cut or removed it while the run goes on; its rows so far are lost, the next follow");
}

uint64_t RunDirectory::waiting_bytes() const {
  uint64_t bytes = 0;
  for (const std::string& rows : files_->waiting) bytes += rows.size();
  return bytes;
}

absl::Status RunDirectory::AppendEvents(const std::string& lines) {
  return files_->fs.Append(files_->Path(kEventLog), lines);
}

absl::Status RunDirectory::WritePolicy(const std::string& encoded) { return files_->Replace(kPolicy, encoded); }

absl::Status RunDirectory::WriteBestPolicy(const std::string& encoded) {
  return encoded.empty() ? files_->fs.RemoveAll(files_->Path(kBestPolicy)) : files_->Replace(kBestPolicy, encoded);
}

std::string RunDirectory::policy_path() const { return files_->Path(kPolicy); }

absl::Status RunDirectory::RemoveOutcome() {
  for (const char* name : {kPolicy, kSummary}) {
    if (absl::Status status = files_->fs.RemoveAll(files_->Path(name)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status RunDirectory::WriteSummary(const Summary& summary) {
  return files_->Replace(kSummary, SummaryText(summary));
}

absl::StatusOr<std::map<std::string, uint64_t>> RunDirectory::SyncedLengths() {
  if (absl::Status status = files_->AppendWaiting(); !status.ok()) return status;
  std::map<std::string, uint64_t> lengths;
  for (size_t record = 0; record < std::size(kRecords); ++record) {
    if (const auto length = files_->LengthOfRecord(record); !length.ok()) return length.status();
  }
  for (const char* name : kGrowing) {
    const absl::StatusOr<uint64_t> length = files_->Length(name);
    if (!length.ok()) return length.status();
    if (*length == 0) continue;
    if (absl::Status status = files_->fs.Sync(files_->Path(name)); !status.ok()) return status;
    lengths[name] = *length;
  }
  if (absl::Status status = files_->fs.SyncDirectory(files_->directory); !status.ok()) return status;
  return lengths;
}

absl::StatusOr<std::string> RunDirectory::AcceptLoss(std::map<std::string, uint64_t>& lengths) {
  std::string loss;
  for (const char* name : kGrowing) {
    const auto found = lengths.find(name);
    if (found == lengths.end()) continue;
    const absl::StatusOr<uint64_t> there = files_->Length(name);
    if (!there.ok()) return there.status();
    uint64_t whole = 0;  // 0 of TensorBoard's file, because nothing marks where a record begins
    if (name != kEvents && *there > 0) {
      const absl::StatusOr<std::string> text = files_->fs.Read(files_->Path(name));
      if (!text.ok()) return text.status();
      whole = text->rfind('\n', found->second - 1) + 1;  // npos + 1 is 0
      // Rows without the names of their columns are lost too.
      if (name == kEpisodes && !text->starts_with(kFirstColumn)) whole = 0;
    }
    if (*there >= found->second && (name == kEvents || whole == found->second)) continue;
    absl::StrAppend(&loss, loss.empty() ? "" : "; ", files_->Path(name), " had ", found->second,
                    " bytes at the checkpoint and keeps ", whole);
    if (whole == 0) {
      lengths.erase(found);
    } else {
      found->second = whole;
    }
  }
  return loss.empty() ? loss : absl::StrCat(loss, ": its lost rows stay lost, as --accept_loss says");
}

absl::StatusOr<metrics::UpdateHistory> RunDirectory::History() {
  const absl::StatusOr<std::string> lines = files_->fs.Read(files_->Path(kMetrics));
  if (absl::IsNotFound(lines.status())) return metrics::UpdateHistory();
  if (!lines.ok()) return lines.status();
  return ReadHistory(*lines);
}

absl::Status RunDirectory::CheckRows(const std::map<std::string, uint64_t>& lengths) {
  for (const auto& [name, length] : lengths) {
    if (absl::Status status = files_->CheckRowEnds(name.c_str(), length); !status.ok()) return WithAdvice(status);
  }
  return absl::OkStatus();
}

absl::Status RunDirectory::CutBack(const std::map<std::string, uint64_t>& lengths) {
  for (std::string& rows : files_->waiting) rows.clear();
  std::fill(std::begin(files_->written), std::end(files_->written), 0);
  for (const char* name : kGrowing) {
    const auto found = lengths.find(name);
    const absl::Status status =
        found == lengths.end() ? files_->fs.RemoveAll(files_->Path(name)) : files_->CutTo(name, found->second);
    if (!status.ok()) return WithAdvice(status);
  }
  for (size_t record = 0; record < std::size(kRecords); ++record) {
    if (const auto found = lengths.find(kRecords[record]); found != lengths.end())
      files_->written[record] = found->second;
  }
  return absl::OkStatus();
}

std::string DefaultRunDirectory(const v1::RunConfig& config) {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char stamp[32];
  std::strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &utc);
  const std::string preset = config.preset().empty() ? "custom" : config.preset();
  return absl::StrCat("runs/", config.benchmark(), "-", Architecture(config), "-", preset, "-s", config.seed(), "-",
                      stamp);
}

std::string MakeDefaultRunDirectory(const v1::RunConfig& config) {
  const std::string name = DefaultRunDirectory(config);
  if (!fs::RealFileSystem().CreateDirectories("runs").ok()) return name;
  std::string made = name;
  for (int number = 2; ::mkdir(made.c_str(), 0755) != 0; ++number) {
    if (errno != EEXIST) return name;
    made = absl::StrCat(name, "-", number);
  }
  return made;
}

void RemoveUnusedRunDirectory(const std::string& directory) { ::rmdir(directory.c_str()); }

}  // namespace nmn::run
