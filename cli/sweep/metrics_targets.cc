#include "cli/sweep/metrics_targets.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "common/fs/file_system.h"

namespace nmn::sweep {

std::string MetricsAddress(const std::string& log, uint64_t skip) {
  const std::string before = "metrics on http://";
  std::ifstream file(log, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(skip));
  std::string address;
  for (std::string line; std::getline(file, line);) {
    const size_t found = line.find(before);
    if (found == std::string::npos) continue;
    const size_t begin = found + before.size();
    const size_t end = line.find("/metrics", begin);
    if (end != std::string::npos) address = line.substr(begin, end - begin);
  }
  return address;
}

absl::Status WriteTargets(const std::string& file, const std::map<std::string, std::string>& address_of_run) {
  nlohmann::ordered_json targets = nlohmann::ordered_json::array();
  for (const auto& [run, address] : address_of_run)
    targets.push_back({{"targets", {address}}, {"labels", {{"sweep_run", run}}}});
  return fs::WriteAtomically(fs::RealFileSystem(), file, targets.dump(2) + "\n");
}

}  // namespace nmn::sweep
