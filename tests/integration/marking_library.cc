// Says in $TASK_TEST_FILE that a process loaded it.

#include <cstdio>
#include <cstdlib>

namespace {

__attribute__((constructor)) void Mark() {
  const char* file = std::getenv("TASK_TEST_FILE");
  std::FILE* out = file == nullptr ? nullptr : std::fopen(file, "a");
  if (out == nullptr) return;
  std::fputs("loaded\n", out);
  std::fclose(out);
}

}  // namespace
