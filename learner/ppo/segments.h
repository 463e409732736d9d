#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "learner/ppo/sequence_model.h"

namespace nmn::ppo {

// Truncated back-propagation through time: episodes of T' steps cut into segments of S steps. Segment s of episode e is
// sequence s * episodes + e.

// [T', .., episode] -> [S, .., segment]; two or three axes. S divides T'.
at::Tensor CutIntoSegments(const at::Tensor& whole, int64_t segment_steps);
Sequences CutIntoSegments(const Sequences& whole, int64_t segment_steps);

// A forward pass over whole episodes from the zero state, without gradient, in pieces of S steps (a last, shorter piece
// is fine).
struct EpisodePass {
  at::Tensor output;    // raw, [T, output_size, episode]
  CarriedState starts;  // what the network carried into each piece, [.., segment]
};
EpisodePass RunEpisodes(SequenceModel& model, const at::Tensor& parameters, const Sequences& episodes,
                        int64_t segment_steps);

// The starts of that pass alone: where an episode is one segment, they are zero and nothing is run.
CarriedState SegmentStarts(SequenceModel& model, const at::Tensor& parameters, const Sequences& episodes,
                           int64_t segment_steps);

// Segments with their start states, which stay as they are for all epochs of an update.
struct SegmentBatch {
  Sequences input;
  CarriedState start;
};
// The segments that `index` lists, in its order.
SegmentBatch Select(const SegmentBatch& all, const at::Tensor& index);

}  // namespace nmn::ppo
