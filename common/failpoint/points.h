#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace nmn::failpoint {

// Every place in production code where a fault can be set. A new one gets a line here, one in kPoints, in the same
// order, and a row in docs/reliability.md (a test compares the two).
enum class Point {
  kSaveBegin,
  kSaveFileWritten,
  kSaveManifestWritten,
  kSaveFolderSynced,
  kSaveMovedAside,
  kSaveRenamed,
  kSaveDirectorySynced,
  kSaveVerified,
  kSaveRemoving,
  kSaveDone,
  kRestoreBegin,
  kRestoreTemporariesRemoved,
  kRestoreRead,
  kRestoreMovedCorrupt,
  kStartLocked,
  kStartCutBack,
  kStartConfigWritten,
  kStartGenerationWritten,
  kStartServing,
  kRecordsAppend,
  kRecordsBetweenFiles,
  kUpdateBegin,
  kUpdatePoison,
  kUpdateDone,
  kPublish,
  kPublished,
  kFinish,
  kIngestDeliver,
  kIngestDelivered,
  kAcknowledge,
  kCount,
};

struct PointInfo {
  std::string_view name;
  bool can_fail;  // whether `error:` makes sense there
};

inline constexpr std::array<PointInfo, static_cast<size_t>(Point::kCount)> kPoints = {{
    {"checkpoint.save.begin", true},
    {"checkpoint.save.file_written", true},
    {"checkpoint.save.manifest_written", true},
    {"checkpoint.save.folder_synced", true},
    {"checkpoint.save.moved_aside", true},
    {"checkpoint.save.renamed", true},
    {"checkpoint.save.directory_synced", true},
    {"checkpoint.save.verified", true},
    {"checkpoint.save.removing", true},
    {"checkpoint.save.done", false},
    {"checkpoint.restore.begin", true},
    {"checkpoint.restore.temporaries_removed", true},
    {"checkpoint.restore.read", true},
    {"checkpoint.restore.moved_corrupt", true},
    {"run.start.locked", true},
    {"run.start.cut_back", true},
    {"run.start.config_written", true},
    {"run.start.generation_written", true},
    {"run.start.serving", false},
    {"run.records.append", true},
    {"run.records.between_files", true},
    {"run.update.begin", true},
    {"run.update.poison", true},
    {"run.update.done", false},
    {"run.publish", false},
    {"run.published", false},
    {"run.finish", false},
    {"ingest.deliver", false},
    {"ingest.delivered", false},
    {"ingest.acknowledge", true},
}};

}  // namespace nmn::failpoint
