#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace nmn::cli {

// Whether `path` may be written: no run (docs/run_files.md), sweep or folder of certificates has it as a file of its
// own. INVALID_ARGUMENT names `flag`, the file and its folder. "" is no file.
absl::Status RefuseOwnFile(const std::string& flag, const std::string& path);

// Refuses a name whose ending says another format than the file would have, e.g. "policy.onnx" or "trace.parquet", and
// "-". `endings`: those of what is written, e.g. {".csv", ".npz"}; an ending that no format is known by, or none, is
// as good. INVALID_ARGUMENT names `flag`, the endings, and `advice`. "" is no file.
absl::Status RefuseOtherFormat(const std::string& flag, const std::string& path,
                               const std::vector<std::string>& endings, const std::string& advice);

// Refuses the name of a figure or a table, e.g. "curve.pdf", and "-" for a folder of them. A folder that is there may
// have any name. INVALID_ARGUMENT names `flag`. "" is no folder.
absl::Status RefuseFileForFolder(const std::string& flag, const std::string& path);

}  // namespace nmn::cli
