#pragma once

#include <array>
#include <cstdint>

namespace nmn::rng {

// Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"). A counter-based generator: the
// block is a pure function of key and counter, so any number can be drawn by anyone, in any order.
using Block = std::array<uint32_t, 4>;
Block Philox4x32(Block counter, std::array<uint32_t, 2> key);

// What a number is for. Two purposes never share a block. Values are part of the format: never renumber.
enum class Purpose : uint16_t {
  kWeights = 1,          // initial parameters
  kActionNoise = 2,      // epsilon of the policy's Gaussian
  kTask = 3,             // the task of an episode, and its re-draws
  kTarget = 4,           // targets that are no task
  kPosition = 5,         // spawn positions, displayed positions
  kDynamics = 6,         // noise of the environment's own motion
  kSwitch = 7,           // whether a task is re-drawn after a hit
  kPolicyShuffle = 8,    // order of the policy's minibatches
  kCriticShuffle = 9,    // order of the critic's minibatches
  kScriptedPolicy = 10,  // draws of `nmn eval`'s scripted policies
  kBootstrap = 11,       // which runs an interval of `nmn report` draws again
  kActionChoice = 12,    // which choice a categorical policy takes
  kTrial = 13,           // the seed of a reset of a task in Python; a trial stands in the place of a step
};

// Where in a run a block stands. A block's counter is
//   {step, episode, update, purpose << 16 | draw}
// and its key is the run's seed, low word first. `draw` numbers the blocks that one step needs beyond the first
// (rejection, actions of more than one component).
struct StreamPosition {
  uint64_t seed = 0;
  uint32_t update = 0;   // training counts from 1; evaluation is 0
  uint32_t episode = 0;  // within the update
  uint32_t step = 0;
};
Block Draw(const StreamPosition& at, Purpose purpose, uint16_t draw = 0);

// A word as a float in [0, 1): the upper 24 bits times 2^-24.
float UnitUniform(uint32_t word);

// A word as a float in [low, high): low + (high - low) * UnitUniform, computed in float32.
float Uniform(uint32_t word, float low, float high);

// Two independent standard normals from two words (Box-Muller); the radius uses (word + 1) * 2^-32 in (0, 1], so it is
// finite.
std::array<float, 2> NormalPair(uint32_t first, uint32_t second);

// The normal for a step of an episode: element step % 4 of the two pairs drawn at {purpose, draw, step / 4}, so that a
// block serves 4 steps.
float StepNormal(const StreamPosition& at, Purpose purpose, uint16_t draw = 0);

// Normal of mean 0 and sd `deviation`, truncated at 2 sd, by inversion from one word: the element `index` of tensor
// number `tensor`.
float TruncatedNormal(uint64_t seed, uint32_t tensor, uint32_t index, float deviation);

}  // namespace nmn::rng
