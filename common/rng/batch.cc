#include "common/rng/batch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/rng/batch.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// The order matters: after foreach_target.
#include "common/rng/elementary-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nmn::rng {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using DWord = hn::RebindToUnsigned<D>;
using V = hn::Vec<D>;
using VWord = hn::Vec<DWord>;

struct Words4 {
  VWord word[4];
};

// High and low words of the products a b.
HWY_INLINE void Multiply(VWord a, VWord b, VWord& high, VWord& low) {
  const DWord d;
#if HWY_TARGET == HWY_SCALAR
  const uint64_t product = static_cast<uint64_t>(hn::GetLane(a)) * hn::GetLane(b);
  high = hn::Set(d, static_cast<uint32_t>(product >> 32));
  low = hn::Set(d, static_cast<uint32_t>(product));
#else
  const hn::RepartitionToWide<DWord> wide;
  const auto even = hn::MulEven(a, b);
  const auto odd = hn::MulEven(hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(wide, a))),
                               hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(wide, b))));
  high = hn::OddEven(hn::BitCast(d, odd), hn::BitCast(d, hn::ShiftRight<32>(even)));
  low = hn::OddEven(hn::BitCast(d, hn::ShiftLeft<32>(odd)), hn::BitCast(d, even));
#endif
}

// Philox4x32 (philox.cc) of a vector of episodes.
HWY_INLINE Words4 Philox(uint64_t seed, uint32_t step, VWord episode, uint32_t update, uint32_t kind) {
  const DWord d;
  Words4 c = {{hn::Set(d, step), episode, hn::Set(d, update), hn::Set(d, kind)}};
  auto key0 = static_cast<uint32_t>(seed);
  auto key1 = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    VWord high0, low0, high1, low1;
    Multiply(c.word[0], hn::Set(d, 0xD2511F53u), high0, low0);
    Multiply(c.word[2], hn::Set(d, 0xCD9E8D57u), high1, low1);
    c = {{hn::Xor(hn::Xor(high1, c.word[1]), hn::Set(d, key0)), low1,
          hn::Xor(hn::Xor(high0, c.word[3]), hn::Set(d, key1)), low0}};
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return c;
}

HWY_INLINE void Store(V v, size_t count, float* to) {
  const D d;
  if (count >= hn::Lanes(d)) {
    hn::StoreU(v, d, to);
    return;
  }
  HWY_ALIGN float whole[hn::MaxLanes(D())];
  hn::Store(v, d, whole);
  for (size_t i = 0; i < count; ++i) to[i] = whole[i];
}

// Calls transform(words, first lane, count) for vectors of lanes.
template <class Transform>
HWY_INLINE void ForEachVector(uint64_t seed, uint32_t update, uint32_t first_episode, size_t lanes, uint32_t block,
                              Purpose purpose, uint16_t draw, Transform transform) {
  const DWord d;
  const size_t width = hn::Lanes(d);
  for (size_t lane = 0; lane < lanes; lane += width) {
    const VWord episode = hn::Iota(d, static_cast<uint32_t>(first_episode + lane));
    transform(Philox(seed, block, episode, update, static_cast<uint32_t>(purpose) << 16 | draw), lane, lanes - lane);
  }
}

void StepNormalBlock(uint64_t seed, uint32_t update, uint32_t first_episode, size_t lanes, uint32_t block,
                     Purpose purpose, View2 out, uint16_t draw) {
  ForEachVector(seed, update, first_episode, lanes, block, purpose, draw,
                [&](const Words4& words, size_t lane, size_t count) HWY_ATTR {
                  for (size_t pair = 0; pair < 4; pair += 2) {
                    V normal0, normal1;
                    NormalPair(D(), words.word[pair], words.word[pair + 1], normal0, normal1);
                    Store(normal0, count, out.row(pair) + lane);
                    Store(normal1, count, out.row(pair + 1) + lane);
                  }
                });
}

void StepUniformBlock(uint64_t seed, uint32_t update, uint32_t first_episode, size_t lanes, uint32_t block,
                      Purpose purpose, float low, float high, View2 out, uint16_t draw) {
  const D d;
  const V offset = hn::Set(d, low);
  const V width = hn::Set(d, high - low);
  ForEachVector(seed, update, first_episode, lanes, block, purpose, draw,
                [&](const Words4& words, size_t lane, size_t count) HWY_ATTR {
                  for (size_t i = 0; i < 4; ++i) {
                    const auto top = hn::BitCast(hn::RebindToSigned<D>(), hn::ShiftRight<8>(words.word[i]));
                    const V unit = hn::Mul(hn::ConvertTo(d, top), hn::Set(d, 0x1p-24f));
                    Store(hn::Add(offset, hn::Mul(width, unit)), count, out.row(i) + lane);
                  }
                });
}

void SinCosOfRow(const float* angle, size_t lanes, float* sine, float* cosine) {
  const D d;
  const size_t width = hn::Lanes(d);
  size_t lane = 0;
  for (; lane + width <= lanes; lane += width) {
    V s, c;
    SinCos(d, hn::LoadU(d, angle + lane), s, c);
    hn::StoreU(s, d, sine + lane);
    hn::StoreU(c, d, cosine + lane);
  }
  const hn::CappedTag<float, 1> one;
  for (; lane < lanes; ++lane) {
    hn::Vec<decltype(one)> s, c;
    SinCos(one, hn::LoadU(one, angle + lane), s, c);
    hn::StoreU(s, one, sine + lane);
    hn::StoreU(c, one, cosine + lane);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace nmn::rng
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nmn::rng {

HWY_EXPORT(StepNormalBlock);
HWY_EXPORT(StepUniformBlock);
HWY_EXPORT(SinCosOfRow);

void StepNormalBlock(uint64_t seed, uint32_t update, uint32_t first_episode, size_t lanes, uint32_t block,
                     Purpose purpose, View2 out, uint16_t draw) {
  HWY_DYNAMIC_DISPATCH(StepNormalBlock)(seed, update, first_episode, lanes, block, purpose, out, draw);
}

void StepUniformBlock(uint64_t seed, uint32_t update, uint32_t first_episode, size_t lanes, uint32_t block,
                      Purpose purpose, float low, float high, View2 out, uint16_t draw) {
  HWY_DYNAMIC_DISPATCH(StepUniformBlock)(seed, update, first_episode, lanes, block, purpose, low, high, out, draw);
}

void SinCos(const float* angle, size_t lanes, float* sine, float* cosine) {
  HWY_DYNAMIC_DISPATCH(SinCosOfRow)(angle, lanes, sine, cosine);
}

}  // namespace nmn::rng
#endif
