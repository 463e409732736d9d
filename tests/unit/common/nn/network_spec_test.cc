#include "common/nn/network_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/common/nn/options.h"

namespace nmn::nn {
namespace {

using ::testing::HasSubstr;

size_t Count(const v1::NetworkOptions& options, Role role, int benchmark) {
  return MakeNetworkSpec(options, role, ObservationSize(benchmark), BoxOf(1)).value().parameter_count;
}

TEST(ParameterCounts, ReferenceNmn) {
  EXPECT_EQ(Count(ReferenceNmn(1), Role::kActor, 1), 9352);
  EXPECT_EQ(Count(ReferenceNmn(1), Role::kCritic, 1), 9321);
  EXPECT_EQ(Count(ReferenceNmn(2), Role::kActor, 2), 76027);
  EXPECT_EQ(Count(ReferenceNmn(2), Role::kCritic, 2), 75986);
  EXPECT_EQ(Count(ReferenceNmn(3), Role::kActor, 3), 76687);
  EXPECT_EQ(Count(ReferenceNmn(3), Role::kCritic, 3), 76646);
}

TEST(ParameterCounts, Rnn) {
  EXPECT_EQ(Count(Rnn(1), Role::kActor, 1), 9302);
  EXPECT_EQ(Count(Rnn(1), Role::kCritic, 1), 9291);
  EXPECT_EQ(Count(Rnn(2), Role::kActor, 2), 76057);
  EXPECT_EQ(Count(Rnn(2), Role::kCritic, 2), 76046);
  EXPECT_EQ(Count(Rnn(3), Role::kActor, 3), 76657);
  EXPECT_EQ(Count(Rnn(3), Role::kCritic, 3), 76646);
}

TEST(ParameterCounts, PaperNmn) {
  EXPECT_EQ(Count(PaperNmn(1), Role::kActor, 1), 9292);
  EXPECT_EQ(Count(PaperNmn(1), Role::kCritic, 1), 9249);
  EXPECT_EQ(Count(PaperNmn(2), Role::kActor, 2), 76147);
  EXPECT_EQ(Count(PaperNmn(2), Role::kCritic, 2), 76076);
  EXPECT_EQ(Count(PaperNmn(3), Role::kActor, 3), 76807);
  EXPECT_EQ(Count(PaperNmn(3), Role::kCritic, 3), 76736);
}

// The paper promises that NMN and RNN differ by less than 2 %.
double Difference(const v1::NetworkOptions& nmn, Role role, int benchmark) {
  return double(Count(nmn, role, benchmark)) / double(Count(Rnn(benchmark), role, benchmark)) - 1;
}

TEST(ParameterCounts, EveryPresetKeepsThePapersTwoPercent) {
  for (int benchmark : {1, 2, 3}) {
    for (Role role : {Role::kActor, Role::kCritic}) {
      EXPECT_LT(std::abs(Difference(ReferenceNmn(benchmark), role, benchmark)), 0.02);
      EXPECT_LT(std::abs(Difference(PaperNmn(benchmark), role, benchmark)), 0.02);
    }
  }
}

// What is learned of an ablation's actor, or of the RNN that reads x_{t-1} too.
TEST(ParameterCounts, BaselinesKeepTwoPercentOfTheNetworksThatTheyAreComparedWith) {
  for (int benchmark : {1, 2, 3}) {
    const auto learned = [&](const v1::NetworkOptions& options) {
      return double(
          MakeNetworkSpec(options, Role::kActor, ObservationSize(benchmark), BoxOf(1)).value().LearnedCount());
    };
    const double nmn = learned(ReferenceNmn(benchmark)), rnn = learned(Rnn(benchmark));
    EXPECT_EQ(nmn, Count(ReferenceNmn(benchmark), Role::kActor, benchmark));
    v1::NetworkOptions options = ReferenceNmn(benchmark);
    options.set_modulation(v1::SCALE_ONLY);
    EXPECT_NEAR(learned(options) / nmn, 1, 0.02);
    const double scale_only = learned(options);
    options.set_modulation(v1::OFFSET_ONLY);
    EXPECT_EQ(learned(options), scale_only);
    options.set_modulation(v1::NO_MODULATION);
    EXPECT_NEAR(learned(options), 2 * scale_only - nmn, 0.5);
    if (benchmark == 1) {
      options.set_modulation(v1::HYPERNETWORK);
      EXPECT_NEAR(learned(options) / nmn, 1, 0.02);
    }
    v1::NetworkOptions seeing = Rnn(benchmark);
    seeing.set_previous_observation(true);
    EXPECT_NEAR(learned(seeing) / rnn, 1, 0.02);
    EXPECT_GT(learned(seeing), rnn);
  }
}

TEST(ParameterCounts, OfAFrozenModulatorTheMainNetworkIsLearned) {
  v1::NetworkOptions options = ReferenceNmn(1);
  options.set_frozen_modulator(true);
  const NetworkSpec spec = MakeNetworkSpec(options, Role::kActor, 1, BoxOf(1)).value();
  const size_t main = (10 + 10 + 2 * 100) + (20 + 2 + 2 * 20);  // weight, bias, w_scale and w_offset of both layers
  EXPECT_EQ(spec.LearnedCount(), main);
  EXPECT_EQ(spec.parameter_count, 9352);
}

TEST(InitialParameters, OfWhatAnAblationTakesAwayAreZeroAndAllOthersAreThoseOfTheWhole) {
  v1::NetworkOptions options = ReferenceNmn(3);
  const NetworkSpec whole = MakeNetworkSpec(options, Role::kActor, 4, BoxOf(1)).value();
  options.set_modulation(v1::NO_MODULATION);
  options.set_frozen_modulator(true);
  const NetworkSpec spec = MakeNetworkSpec(options, Role::kActor, 4, BoxOf(1)).value();
  const std::vector<float> before = InitialParameters(whole, 5), after = InitialParameters(spec, 5);
  ASSERT_EQ(before.size(), after.size());
  for (const TensorSpec& tensor : spec.tensors) {
    const bool is_taken = tensor.name.ends_with("w_scale") || tensor.name.ends_with("w_offset");
    for (size_t i = tensor.offset; i < tensor.offset + tensor.size; ++i)
      ASSERT_EQ(after[i], is_taken ? 0 : before[i]) << tensor.name;
  }
}

TEST(ParameterCounts, SharedWiringAtTheReferencesSignalSizeBreaksTheTwoPercent) {
  for (int benchmark : {1, 2, 3}) {
    const auto options = Nmn(benchmark, v1::FORMULA_REFERENCE, v1::SHARED, benchmark == 1 ? 20 : 45);
    for (Role role : {Role::kActor, Role::kCritic}) {
      EXPECT_GT(Difference(options, role, benchmark), 0.0265);
      EXPECT_LT(Difference(options, role, benchmark), 0.0335);
    }
  }
}

TEST(NetworkSpec, TensorsFollowEachOtherInExportOrder) {
  const NetworkSpec spec = MakeNetworkSpec(ReferenceNmn(2), Role::kActor, 2, BoxOf(1)).value();
  std::vector<std::string> names;
  size_t offset = 0;
  for (const TensorSpec& tensor : spec.tensors) {
    names.push_back(tensor.name);
    EXPECT_EQ(tensor.offset, offset) << tensor.name;
    size_t size = 1;
    for (int64_t axis : tensor.shape) size *= axis;
    EXPECT_EQ(tensor.size, size) << tensor.name;
    EXPECT_EQ(tensor.is_bias, tensor.name.ends_with(".bias")) << tensor.name;
    offset += tensor.size;
  }
  EXPECT_EQ(offset, spec.parameter_count);
  EXPECT_THAT(
      names, ::testing::ElementsAre("gru0.w_input", "gru0.w_recurrent", "gru0.bias", "gru1.w_input", "gru1.w_recurrent",
                                    "gru1.bias", "signal.weight", "signal.bias", "main0.weight", "main0.bias",
                                    "main0.w_scale", "main0.w_offset", "main1.weight", "main1.bias", "main1.w_scale",
                                    "main1.w_offset", "head.weight", "head.bias", "head.w_scale", "head.w_offset"));
  EXPECT_EQ(spec.tensor("gru1.w_input").shape, (std::vector<int64_t>{100, 225}));
  EXPECT_EQ(spec.recurrent_input_size, 4);
  EXPECT_EQ(spec.main_input_size, 2);
  EXPECT_EQ(spec.state_size, 175);
}

TEST(NetworkSpec, PerLayerWiringCutsTheSignalInEqualSlices) {
  const NetworkSpec spec = MakeNetworkSpec(ReferenceNmn(3), Role::kCritic, 4, BoxOf(1)).value();
  ASSERT_EQ(spec.signal_slices.size(), 3);
  for (uint32_t layer : {0, 1, 2}) {
    EXPECT_EQ(spec.signal_slices[layer].first, 15 * layer);
    EXPECT_EQ(spec.signal_slices[layer].size, 15);
  }
  EXPECT_EQ(spec.tensor("head.w_scale").shape, (std::vector<int64_t>{15, 1}));
}

TEST(NetworkSpec, SharedWiringGivesEveryLayerTheWholeSignal) {
  const NetworkSpec spec = MakeNetworkSpec(PaperNmn(1), Role::kActor, 1, BoxOf(1)).value();
  for (const auto& slice : spec.signal_slices) {
    EXPECT_EQ(slice.first, 0);
    EXPECT_EQ(slice.size, 16);
  }
}

TEST(NetworkSpec, AnRnnHasNoSignalAndNoMainInput) {
  const NetworkSpec spec = MakeNetworkSpec(Rnn(1), Role::kActor, 1, BoxOf(1)).value();
  EXPECT_TRUE(spec.signal_slices.empty());
  EXPECT_EQ(spec.main_input_size, 0);
  EXPECT_EQ(spec.recurrent_input_size, 3);
}

TEST(NetworkSpec, HiddenLayersMayBeAbsent) {
  v1::NetworkOptions options = ReferenceNmn(1);
  options.clear_hidden_sizes();
  const NetworkSpec spec = MakeNetworkSpec(options, Role::kActor, 1, BoxOf(1)).value();
  EXPECT_EQ(spec.tensor("head.weight").shape, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(spec.signal_slices.size(), 1);
}

std::string Refusal(const v1::NetworkOptions& options) { return std::string(ValidateNetwork(options).message()); }

TEST(ValidateNetwork, NamesTheFieldThatIsImpossible) {
  const auto changed = [](auto change) {
    v1::NetworkOptions options = ReferenceNmn(2);
    change(options);
    return Refusal(options);
  };
  EXPECT_THAT(changed([](auto& o) { o.clear_architecture(); }), HasSubstr("network.architecture is"));
  EXPECT_THAT(changed([](auto& o) { o.clear_recurrent_sizes(); }), HasSubstr("network.recurrent_sizes is empty"));
  EXPECT_THAT(changed([](auto& o) { o.set_recurrent_sizes(1, 0); }), HasSubstr("network.recurrent_sizes[1] is 0"));
  EXPECT_THAT(changed([](auto& o) { o.set_hidden_sizes(0, 5000); }), HasSubstr("network.hidden_sizes[0] is 5000"));
  EXPECT_THAT(changed([](auto& o) { o.set_main_activation(v1::RELU); }), HasSubstr("network.main_activation is RELU"));
  EXPECT_THAT(changed([](auto& o) { o.clear_formula(); }), HasSubstr("network.formula is"));
  EXPECT_THAT(changed([](auto& o) { o.clear_signal_wiring(); }), HasSubstr("network.signal_wiring is"));
  EXPECT_THAT(changed([](auto& o) { o.clear_signal_activation(); }), HasSubstr("network.signal_activation is"));
  EXPECT_THAT(changed([](auto& o) { o.clear_signal_size(); }), HasSubstr("network.signal_size is 0"));
  EXPECT_THAT(changed([](auto& o) { o.set_signal_size(46); }), HasSubstr("network.signal_size is 46"));
  EXPECT_THAT(changed([](auto& o) { o.set_min_log_variance(3); }), HasSubstr("network.min_log_variance is 3"));
  EXPECT_THAT(changed([](auto& o) { o.set_max_log_variance(NAN); }), HasSubstr("max_log_variance must be finite"));
}

TEST(ValidateNetwork, SharedWiringTakesASignalThatNoNumberOfLayersDivides) {
  EXPECT_TRUE(ValidateNetwork(Nmn(2, v1::FORMULA_PAPER, v1::SHARED, 47)).ok());
}

TEST(ValidateNetwork, RefusesSignalFieldsOnAnRnn) {
  const auto changed = [](auto change) {
    v1::NetworkOptions options = Rnn(1);
    change(options);
    return Refusal(options);
  };
  EXPECT_THAT(changed([](auto& o) { o.set_formula(v1::FORMULA_PAPER); }),
              HasSubstr("network.formula is FORMULA_PAPER"));
  EXPECT_THAT(changed([](auto& o) { o.set_signal_wiring(v1::SHARED); }), HasSubstr("network.signal_wiring is SHARED"));
  EXPECT_THAT(changed([](auto& o) { o.set_signal_size(20); }), HasSubstr("network.signal_size is 20"));
  EXPECT_THAT(changed([](auto& o) { o.set_signal_activation(v1::RELU); }),
              HasSubstr("network.signal_activation is RELU"));
  EXPECT_THAT(changed([](auto& o) { o.set_signal_lag(true); }), HasSubstr("network.signal_lag is true"));
  EXPECT_THAT(changed([](auto& o) { o.set_modulation(v1::SCALE_ONLY); }),
              HasSubstr("network.modulation is SCALE_ONLY"));
  EXPECT_THAT(changed([](auto& o) { o.set_frozen_modulator(true); }), HasSubstr("network.frozen_modulator is true"));
}

// Numbers that a layer of 10 units with 3 inputs learns and remembers.
TEST(RecurrentCells, HaveTheSizesOfTheSpecification) {
  const auto spec_of = [](v1::Cell cell) {
    v1::NetworkOptions options = Rnn(1);
    options.set_cell(cell);
    options.set_recurrent_sizes(0, 10);
    options.clear_hidden_sizes();
    return MakeNetworkSpec(options, Role::kCritic, 1, BoxOf(1)).value();
  };
  const size_t head = 10 + 1;
  EXPECT_EQ(spec_of(v1::GRU).parameter_count - head, 3 * 3 * 10 + 3 * 100 + 20);
  EXPECT_EQ(spec_of(v1::GRU).state_size, 10);
  EXPECT_EQ(spec_of(v1::LSTM).parameter_count - head, 4 * 3 * 10 + 4 * 100 + 40);
  EXPECT_EQ(spec_of(v1::LSTM).state_size, 20);
  EXPECT_EQ(spec_of(v1::PLASTIC).parameter_count - head, 3 * 10 + 2 * 100 + 10 + 1);
  EXPECT_EQ(spec_of(v1::PLASTIC).state_size, 110);
  EXPECT_EQ(spec_of(v1::MODULATED_PLASTIC).parameter_count - head, 3 * 10 + 2 * 100 + 10 + 10 + 1);
  EXPECT_EQ(spec_of(v1::MODULATED_PLASTIC).state_size, 110);
  const NetworkSpec plastic = spec_of(v1::PLASTIC);
  EXPECT_EQ(InitialParameters(plastic, 3)[plastic.tensor("plastic0.rate").offset], 0.01f);
}

TEST(ValidateNetwork, RefusesWhatMeansNothingOnAnNmn) {
  v1::NetworkOptions options = PaperNmn(1);
  options.set_modulation(v1::SCALE_ONLY);
  EXPECT_TRUE(ValidateNetwork(options).ok());
  for (v1::Modulation modulation : {v1::OFFSET_ONLY, v1::NO_MODULATION, v1::HYPERNETWORK}) {
    options.set_modulation(modulation);
    EXPECT_THAT(Refusal(options), HasSubstr("it must be SCALE_AND_OFFSET or SCALE_ONLY"));
  }
  options = ReferenceNmn(1);
  options.set_previous_observation(true);
  EXPECT_THAT(Refusal(options), HasSubstr("network.previous_observation is true; it must be absent"));
}

}  // namespace
}  // namespace nmn::nn
