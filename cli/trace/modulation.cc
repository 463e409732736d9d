#include "cli/trace/modulation.h"

#include "absl/strings/str_cat.h"

namespace nmn::trace {

std::vector<ModulatedLayer> ModulatedLayers(const nn::NetworkSpec& network) {
  std::vector<ModulatedLayer> layers;
  if (network.options.modulation() == v1::HYPERNETWORK) return layers;  // which has no slope of a neuron
  size_t first = 0;
  const size_t hidden = static_cast<size_t>(network.options.hidden_sizes_size());
  for (size_t layer = 0; layer < network.signal_slices.size(); ++layer) {
    const bool is_head = layer == hidden;
    const size_t neurons = is_head ? network.output_size : network.options.hidden_sizes(static_cast<int>(layer));
    layers.push_back({is_head ? "head" : absl::StrCat("main", layer), neurons, first});
    first += 2 * neurons;
  }
  return layers;
}

std::vector<float> Modulation(const nn::NetworkSpec& network, std::span<const float> actor,
                              std::span<const float> signal, std::span<const float> previous) {
  std::vector<float> numbers;
  const std::vector<ModulatedLayer> layers = ModulatedLayers(network);
  for (size_t l = 0; l < layers.size(); ++l) {
    const bool lags = network.options.signal_lag() && l + 1 < layers.size();
    const nn::NetworkSpec::Slice& slice = network.signal_slices[l];
    const std::span<const float> z = (lags ? previous : signal).subspan(slice.first, slice.size);
    for (const char* part : {".w_scale", ".w_offset"}) {
      const float* weights = actor.data() + network.tensor(layers[l].name + part).offset;  // [slice, neurons]
      for (size_t neuron = 0; neuron < layers[l].neurons; ++neuron) {
        double sum = 0;
        for (size_t i = 0; i < z.size(); ++i) sum += double{z[i]} * double{weights[i * layers[l].neurons + neuron]};
        numbers.push_back(static_cast<float>(sum));
      }
    }
  }
  return numbers;
}

}  // namespace nmn::trace
