#include "common/process/proc_stat.h"

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace nmn {

std::optional<ProcStat> ReadProcStat() {
  std::ifstream file("/proc/self/stat");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  // Field 2, the command, may contain spaces, so counting begins after its closing parenthesis, with field 3.
  const size_t end_of_name = text.rfind(')');
  if (end_of_name == std::string::npos) return std::nullopt;
  std::istringstream rest(text.substr(end_of_name + 1));
  const std::vector<std::string> fields((std::istream_iterator<std::string>(rest)), {});
  const auto field = [&](size_t number) { return std::stod(fields[number - 3]); };
  if (fields.size() < 22) return std::nullopt;
  const double tick = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  ProcStat stat;
  stat.cpu_seconds = (field(14) + field(15)) * tick;
  stat.threads = static_cast<uint64_t>(field(20));
  stat.start_seconds = field(22) * tick;
  stat.virtual_bytes = static_cast<uint64_t>(field(23));
  stat.resident_bytes = static_cast<uint64_t>(field(24)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return stat;
}

}  // namespace nmn
