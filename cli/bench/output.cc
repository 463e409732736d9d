#include "cli/bench/output.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/text/counted.h"

namespace nmn::cli::bench {
namespace {

using Json = nlohmann::ordered_json;

// Counts without a decimal point.
Json Number(double value) {
  return value == std::floor(value) && std::abs(value) < 1e15 ? Json(static_cast<int64_t>(value)) : Json(value);
}

Json ToJsonObject(const Result& result) {
  Json object = {{"name", result.name}, {"value", result.value}, {"unit", result.unit}, {"gflops", result.gflops}};
  if (result.ceiling_fraction) object["ceiling_fraction"] = *result.ceiling_fraction;
  if (result.twin_ratio) object["twin_ratio"] = *result.twin_ratio;
  for (const auto& [name, value] : result.conditions) object[name] = Number(value);
  return object;
}

// 1.23 M, 45.6 k
std::string Short(double value) {
  if (value >= 1e9) return absl::StrFormat("%.3g G", value * 1e-9);
  if (value >= 1e6) return absl::StrFormat("%.3g M", value * 1e-6);
  if (value >= 1e3) return absl::StrFormat("%.3g k", value * 1e-3);
  return absl::StrFormat("%.3g", value);
}

}  // namespace

std::string ToJson(const Report& report) {
  const Machine& machine = report.machine;
  Json object;
  object["machine"] = {{"cpu", machine.cpu},
                       {"cores", machine.cores},
                       {"cpu_simd", machine.cpu_simd},
                       {"simd_target", machine.simd_target},
                       {"blas", machine.blas},
                       {"blas_core", machine.blas_core},
                       {"openblas_environment", machine.openblas_environment}};
  object["machine"]["load"] = machine.load ? Json(*machine.load) : Json();
  object["ceiling_gflops"] = report.ceiling_gflops;
  object["openblas_gflops"] = report.openblas_gflops ? Json(*report.openblas_gflops) : Json();
  object["results"] = Json::array();
  for (const Result& result : report.results) object["results"].push_back(ToJsonObject(result));
  return object.dump();
}

std::string ToTable(const Report& report) {
  const Machine& machine = report.machine;
  std::string table =
      absl::StrFormat("%s, %s, %s; our kernels: %s; BLAS: %s", machine.cpu, text::Counted(machine.cores, "core"),
                      machine.cpu_simd, machine.simd_target, machine.blas);
  if (!machine.blas_core.empty()) absl::StrAppend(&table, ", core ", machine.blas_core);
  for (const std::string& variable : machine.openblas_environment) absl::StrAppend(&table, ", ", variable);
  if (machine.load) absl::StrAppendFormat(&table, "; load %.2f", *machine.load);
  absl::StrAppendFormat(&table, "\none core: %.1f GFLOP/s multiply-add", report.ceiling_gflops);
  if (report.openblas_gflops) absl::StrAppendFormat(&table, ", OpenBLAS sgemm %.1f", *report.openblas_gflops);
  absl::StrAppendFormat(&table, "\n\n%-22s%10s %-16s%9s%9s%7s  %s\n", "", "", "", "GFLOP/s", "ceiling", "twin", "with");
  for (const Result& result : report.results) {
    const auto& fraction = result.ceiling_fraction;
    absl::StrAppendFormat(&table, "%-22s%10s %-16s%9s%9s%7s  %s\n", result.name, Short(result.value), result.unit,
                          result.gflops > 0 ? absl::StrFormat("%.1f", result.gflops) : "",
                          fraction ? absl::StrFormat("%.0f %%", 100 * *fraction) : "",
                          result.twin_ratio ? absl::StrFormat("x%.2f", *result.twin_ratio) : "",
                          absl::StrJoin(result.conditions, ", ", [](std::string* out, const auto& condition) {
                            absl::StrAppendFormat(out, "%s %.6g", condition.first, condition.second);
                          }));
  }
  return table;
}

}  // namespace nmn::cli::bench
