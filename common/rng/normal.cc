// One number at a time, by the functions that the batches use.
#include <bit>
#include <cmath>

#include "common/rng/elementary-inl.h"
#include "common/rng/philox.h"

namespace nmn::rng {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
const hn::CappedTag<float, 1> kOne;
const hn::RebindToUnsigned<decltype(kOne)> kOneWord;

// ln x for x in (0, 1), double: the series of atanh on [sqrt(1/2), sqrt(2)), relative error below 1e-15. Not std::log,
// whose last bit belongs to the library's version.
double Log(double x) {
  uint64_t bits = std::bit_cast<uint64_t>(x);
  const auto exponent = static_cast<int64_t>(bits - 0x3FE6A09E667F3BCDull) >> 52;
  bits -= static_cast<uint64_t>(exponent) << 52;
  const double m = std::bit_cast<double>(bits);
  const double s = (m - 1) / (m + 1);
  const double z = s * s;
  double sum = 0;
  for (int odd = 21; odd >= 1; odd -= 2) sum = sum * z + 1.0 / odd;
  return 2 * s * sum + static_cast<double>(exponent) * 0.693147180559945309417;
}

// Inverse of the standard normal distribution function, relative error below 1e-15: Wichura 1988, algorithm AS 241
// (PPND16), without the branch for |z| > 5, which a normal truncated at 2 never needs.
double InverseNormal(double probability) {
  const double q = probability - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q *
           (((((((2.5090809287301226727e3 * r + 3.3430575583588128105e4) * r + 6.7265770927008700853e4) * r +
                4.5921953931549871457e4) *
                   r +
               1.3731693765509461125e4) *
                  r +
              1.9715909503065514427e3) *
                 r +
             1.3314166789178437745e2) *
                r +
            3.3871328727963666080e0) /
           (((((((5.2264952788528545610e3 * r + 2.8729085735721942674e4) * r + 3.9307895800092710610e4) * r +
                2.1213794301586595867e4) *
                   r +
               5.3941960214247511077e3) *
                  r +
              6.8718700749205790830e2) *
                 r +
             4.2313330701600911252e1) *
                r +
            1.0);
  }
  const double r = std::sqrt(-Log(q < 0 ? probability : 1 - probability)) - 1.6;
  const double z =
      (((((((7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r + 2.41780725177450611770e-1) * r +
           1.27045825245236838258e0) *
              r +
          3.64784832476320460504e0) *
             r +
         5.76949722146069140550e0) *
            r +
        4.63033784615654529590e0) *
           r +
       1.42343711074968357734e0) /
      (((((((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r + 1.51986665636164571966e-2) * r +
           1.48103976427480074590e-1) *
              r +
          6.89767334985100004550e-1) *
             r +
         1.67638483018380384940e0) *
            r +
        2.05319162663775882187e0) *
           r +
       1.0);
  return q < 0 ? -z : z;
}

}  // namespace

std::array<float, 2> NormalPair(uint32_t first, uint32_t second) {
  hn::Vec<decltype(kOne)> normal0, normal1;
  HWY_NAMESPACE::NormalPair(kOne, hn::Set(kOneWord, first), hn::Set(kOneWord, second), normal0, normal1);
  return {hn::GetLane(normal0), hn::GetLane(normal1)};
}

float StepNormal(const StreamPosition& at, Purpose purpose, uint16_t draw) {
  const Block block = Draw({at.seed, at.update, at.episode, at.step / 4}, purpose, draw);
  const uint32_t element = at.step % 4;
  return NormalPair(block[element & 2], block[(element & 2) + 1])[element & 1];
}

float TruncatedNormal(uint64_t seed, uint32_t tensor, uint32_t index, float deviation) {
  constexpr double kBelow = 0.022750131948179207200;  // Phi(-2)
  const Block block = Draw({.seed = seed, .episode = tensor, .step = index / 4}, Purpose::kWeights);
  const double unit = (static_cast<double>(block[index % 4]) + 0.5) * 0x1p-32;
  return static_cast<float>(InverseNormal(kBelow + unit * (1 - 2 * kBelow)) * deviation);
}

}  // namespace nmn::rng
