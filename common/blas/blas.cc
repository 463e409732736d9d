#include "common/blas/blas.h"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace nmn::blas {
namespace {

Sgemm* FindSgemm() { return reinterpret_cast<Sgemm*>(dlsym(RTLD_DEFAULT, "sgemm_")); }

std::string CallForText(const char* symbol) {
  auto* function = reinterpret_cast<char* (*)()>(dlsym(RTLD_DEFAULT, symbol));
  const char* text = function == nullptr ? nullptr : function();
  return text == nullptr ? std::string() : std::string(absl::StripAsciiWhitespace(text));
}

std::string FileOf(const void* symbol) {
  Dl_info info;
  if (dladdr(symbol, &info) == 0 || info.dli_fname == nullptr) return "";
  char* resolved = realpath(info.dli_fname, nullptr);
  std::string path = resolved == nullptr ? info.dli_fname : resolved;
  free(resolved);
  return path;
}

// The value of an entry of `environment`; empty if it is not set.
std::string_view Variable(const std::vector<std::string>& environment, std::string_view name) {
  for (const std::string& entry : environment) {
    std::string_view view = entry;
    if (view.size() > name.size() && view.substr(0, name.size()) == name && view[name.size()] == '=') {
      return view.substr(name.size() + 1);
    }
  }
  return {};
}

struct Shape {
  int m, n, k;
  bool transpose_a, transpose_b;
};

// A batch by a gated layer of each benchmark, a square one, and odd edges; with the transpositions of a backward pass.
constexpr std::array<Shape, 7> kShapes = {{{150, 100, 50, false, false},
                                           {300, 25, 100, false, false},
                                           {225, 111, 75, false, true},
                                           {50, 150, 400, true, false},
                                           {45, 77, 75, true, true},
                                           {128, 128, 128, false, false},
                                           {1, 17, 31, false, false}}};

// Integers in [-3, 3] that repeat with no short period; a sum of 400 products is at most 3600, exact in float32.
std::vector<float> SmallIntegers(size_t count, uint32_t state) {
  std::vector<float> values(count);
  for (float& value : values) {
    state = state * 1664525u + 1013904223u;  // Numerical Recipes' generator: the values only have to be varied
    value = static_cast<float>(static_cast<int>((state >> 16) % 7) - 3);
  }
  return values;
}

size_t WrongElements(Sgemm* sgemm, const Shape& s) {
  const std::vector<float> a = SmallIntegers(static_cast<size_t>(s.m) * s.k, 1);
  const std::vector<float> b = SmallIntegers(static_cast<size_t>(s.k) * s.n, 2);
  std::vector<float> c(static_cast<size_t>(s.m) * s.n, 7.0f);
  const int lda = s.transpose_a ? s.k : s.m;
  const int ldb = s.transpose_b ? s.n : s.k;
  const float one = 1, zero = 0;
  sgemm(s.transpose_a ? "T" : "N", s.transpose_b ? "T" : "N", &s.m, &s.n, &s.k, &one, a.data(), &lda, b.data(), &ldb,
        &zero, c.data(), &s.m);
  size_t wrong = 0;
  for (int column = 0; column < s.n; ++column) {
    for (int row = 0; row < s.m; ++row) {
      int sum = 0;
      for (int i = 0; i < s.k; ++i) {
        const float x = s.transpose_a ? a[row * lda + i] : a[i * lda + row];
        const float y = s.transpose_b ? b[i * ldb + column] : b[column * ldb + i];
        sum += static_cast<int>(x) * static_cast<int>(y);
      }
      // Written so that a NaN counts as wrong.
      if (!(c[column * s.m + row] == static_cast<float>(sum))) ++wrong;
    }
  }
  return wrong;
}

}  // namespace

const char* WidthName(Width width) {
  switch (width) {
    case Width::kSse2:
      return "SSE2";
    case Width::kAvx2:
      return "AVX2";
    case Width::kAvx512:
      return "AVX-512";
    case Width::kUnknown:
      break;
  }
  return "unknown";
}

Width CpuWidth() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    return Width::kAvx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Width::kAvx2;
  return Width::kSse2;
}

BlasInfo LoadedBlas() {
  BlasInfo info;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (std::strncmp(*entry, "OPENBLAS_", 9) == 0) info.environment.emplace_back(*entry);
  }
  std::sort(info.environment.begin(), info.environment.end());
  Sgemm* sgemm = FindSgemm();
  if (sgemm == nullptr) return info;
  info.path = FileOf(reinterpret_cast<const void*>(sgemm));
  info.config = CallForText("openblas_get_config");
  info.core = CallForText("openblas_get_corename");
  // Debian keeps the reference BLAS in a folder of its own; every other one answers to another name.
  info.reference = info.config.empty() && absl::StrContains(info.path, "/blas/libblas.so");
  return info;
}

Width CoreWidth(const std::string& core) {
  const std::string name = absl::AsciiStrToLower(core);
  for (const char* known : {"skylakex", "cooperlake", "sapphirerapids"}) {
    if (name == known) return Width::kAvx512;
  }
  for (const char* known : {"haswell", "zen", "excavator"}) {
    if (name == known) return Width::kAvx2;
  }
  for (const char* known :
       {"katmai",     "coppermine", "northwood",   "prescott",  "banias",     "core2",        "penryn",
        "dunnington", "nehalem",    "atom",        "athlon",    "opteron",    "opteron_sse3", "barcelona",
        "bobcat",     "nano",       "sandybridge", "bulldozer", "piledriver", "steamroller"}) {
    if (name == known) return Width::kSse2;
  }
  return Width::kUnknown;
}

std::vector<std::string> SpeedWarnings(const BlasInfo& blas, Width cpu) {
  std::vector<std::string> warnings;
  if (blas.reference) {
    warnings.push_back(absl::StrCat("LibTorch uses the reference BLAS (", blas.path,
                                    "), 8 times slower than OpenBLAS: apt-get install libopenblas0-pthread"));
  }
  const Width kernels = CoreWidth(blas.core);
  if (kernels != Width::kUnknown && kernels < cpu) {
    const std::string_view forced = Variable(blas.environment, "OPENBLAS_CORETYPE");
    const std::string why = forced.empty()
                                ? absl::StrCat("this version did not recognise the CPU: set OPENBLAS_CORETYPE=",
                                               cpu == Width::kAvx512 ? "SkylakeX" : "Haswell")
                                : absl::StrCat("OPENBLAS_CORETYPE=", std::string(forced), " is set: unset it");
    warnings.push_back(absl::StrCat("OpenBLAS uses its ", blas.core, " kernels (", WidthName(kernels),
                                    "), narrower than this CPU (", WidthName(cpu), "); ", why));
  }
  return warnings;
}

absl::Status CheckProducts(Sgemm* sgemm, const BlasInfo& blas) {
  for (const Shape& shape : kShapes) {
    const size_t wrong = WrongElements(sgemm, shape);
    if (wrong == 0) continue;
    // Haswell's kernels are the oldest that are still fast. If they are at fault, Prescott's remain.
    const char* other = CoreWidth(blas.core) == Width::kAvx2 ? "Prescott" : "Haswell";
    return absl::InternalError(
        absl::StrCat("the BLAS ", blas.path, blas.core.empty() ? "" : absl::StrCat(" (", blas.core, " kernels)"),
                     " computes wrong matrix products on this CPU (", wrong, " of ", shape.m * shape.n, " elements at ",
                     shape.m, "x", shape.n, "x", shape.k, "); set OPENBLAS_CORETYPE=", other,
                     " and start again, or install a newer libopenblas0-pthread"));
  }
  return absl::OkStatus();
}

absl::Status CheckLoadedBlas() {
  Sgemm* sgemm = FindSgemm();
  if (sgemm == nullptr) return absl::OkStatus();
  return CheckProducts(sgemm, LoadedBlas());
}

}  // namespace nmn::blas
