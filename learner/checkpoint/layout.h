#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "nmn/v1/checkpoint.pb.h"

namespace nmn::checkpoint {

// Names and encodings that the writer and the reader of a checkpoint share; see checkpoint.h for the layout. In every
// format the first line of the manifest is the format's number, and the metadata of the weights name the program, so
// that an older program can tell both; whatever is added to the manifest or to CheckpointState raises the number.

inline constexpr uint32_t kFormat = 1;
inline const char kManifest[] = "MANIFEST";
inline const char kWeights[] = "weights.safetensors";
inline const char kOptimizer[] = "optimizer.safetensors";
inline const char kProgram[] = "program";  // metadata of the weights: who wrote them (common/build/newer.h)
inline const char kState[] = "state.binpb";

// "ckpt-00000010"
std::string FolderName(uint32_t update);
// 10 of "ckpt-00000010", or of "ckpt-00000010" + `suffix`; nullopt for any other name.
std::optional<uint32_t> UpdateOfFolder(const std::string& name, const std::string& suffix = "");

// The one text that a manifest has: a file that reads equal but is written otherwise was altered.
std::string ManifestText(const v1::CheckpointManifest& manifest);

}  // namespace nmn::checkpoint
