#include <google/protobuf/stubs/common.h>
#include <grpcpp/grpcpp.h>
#include <hwy/highway.h>
#include <openssl/crypto.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/config.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/fail.h"
#include "cli/torch_version.h"
#include "cli/verbs.h"
#include "common/blas/blas.h"
#include "common/build/build.h"
#include "common/nn/policy_forward.h"

namespace nmn::cli {
namespace {

std::string AbseilVersion() {
#ifdef ABSL_LTS_RELEASE_VERSION
  return absl::StrCat(ABSL_LTS_RELEASE_VERSION, ".", ABSL_LTS_RELEASE_PATCH_LEVEL);
#else
  return "not a release";
#endif
}

std::string HighwayVersion() { return absl::StrCat(HWY_MAJOR, ".", HWY_MINOR, ".", HWY_PATCH); }

std::string Compiler() {
#ifdef __clang__
  return absl::StrCat("clang ", __clang_version__);
#else
  return absl::StrCat("g++ ", __VERSION__);
#endif
}

// Highway's names: AVX3 and what follows it (AVX3_DL, AVX3_ZEN4, ..) are its AVX-512 targets.
blas::Width HighwayWidth(const std::string& target) {
  if (target.rfind("AVX3", 0) == 0 || target.rfind("AVX10", 0) == 0) return blas::Width::kAvx512;
  if (target == "AVX2") return blas::Width::kAvx2;
  return blas::Width::kSse2;
}

std::string BlasLine(const blas::BlasInfo& info) {
  if (info.path.empty()) return "inside LibTorch, not visible from outside";
  if (!info.config.empty()) return absl::StrCat(info.config, " (", info.path, ")");
  return absl::StrCat(info.reference ? "reference BLAS (" : "(", info.path, ")");
}

int PrintVersion(bool json) {
  const blas::BlasInfo blas_info = blas::LoadedBlas();
  const blas::Width cpu = blas::CpuWidth();
  const std::string simd = nn::SimdTarget();
  const v1::BuildInfo build = build::ThisBuild();

  const std::vector<std::pair<std::string, std::string>> facts = {
      {"nmn", build.version()},
      {"commit", build.commit()},
      {"protocol", absl::StrCat(build.protocol())},
      {"compiler", Compiler()},
      {"grpc", grpc::Version()},
      {"protobuf", google::protobuf::internal::VersionString(GOOGLE_PROTOBUF_VERSION)},
      {"libtorch", TorchVersion()},
      {"cuda_devices", absl::StrCat(CudaDevices())},
      {"abseil", AbseilVersion()},
      {"highway", HighwayVersion()},
      {"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)},
      {"cpu_simd", blas::WidthName(cpu)},
      {"simd_target", simd},
      {"rounding_class", build.rounding_class()},
      {"blas", BlasLine(blas_info)},
      {"blas_core", blas_info.core.empty() ? "-" : blas_info.core},
      {"blas_environment", blas_info.environment.empty() ? "-" : absl::StrJoin(blas_info.environment, " ")},
  };
  std::vector<std::string> warnings = blas::SpeedWarnings(blas_info, cpu);
  if (HighwayWidth(simd) < cpu) {
    warnings.push_back(absl::StrCat("our own kernels run as ", simd, ", narrower than this CPU (", blas::WidthName(cpu),
                                    "): build with a newer compiler"));
  }
  const absl::Status products = blas::CheckLoadedBlas();

  if (json) {
    nlohmann::ordered_json object;
    for (const auto& [name, value] : facts) object[name] = value;
    object["products_correct"] = products.ok();
    object["warnings"] = warnings;
    std::cout << object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
  } else {
    for (const auto& [name, value] : facts) std::cout << name << std::string(18 - name.size(), ' ') << value << "\n";
    std::cout << "matrix products   " << (products.ok() ? "correct" : "WRONG") << "\n";
    for (const std::string& warning : warnings) std::cout << "warning: " << warning << "\n";
  }
  return products.ok() ? 0 : Fail("version", products);
}

}  // namespace

void AddVersion(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("version", "Print versions, SIMD target and BLAS, and check the BLAS");
  verb->footer(
      "It prints what decides speed and results on this machine: libraries, the SIMD target of our own kernels, the\n"
      "BLAS that LibTorch really loaded, its core type, and every OPENBLAS_* variable in force. It warns if one of\n"
      "them is slower than the CPU allows. It multiplies matrices whose product is known. A wrong product is exit\n"
      "code 42.\n"
      "Example:  nmn version --json");
  auto json = std::make_shared<bool>(false);
  verb->add_flag("--json", *json, "One JSON object on one line");
  verb->callback([json, &exit_code] { exit_code = PrintVersion(*json); });
}

}  // namespace nmn::cli
