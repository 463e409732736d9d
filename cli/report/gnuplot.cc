#include "cli/report/gnuplot.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

extern char** environ;

namespace nmn::report {
namespace {

// Okabe and Ito 2008, without yellow, which is faint on white.
constexpr std::array<const char*, 7> kPalette = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                                 "#E69F00", "#56B4E9", "#000000"};

// gnuplot repeats the faulty line and points at it before it says what is wrong.
std::string LastLine(const std::string& text) {
  const size_t end = text.find_last_not_of('\n');
  if (end == std::string::npos) return "it said nothing";
  const size_t begin = text.rfind('\n', end);
  return text.substr(begin + 1, end - begin);
}

// Runs `gnuplot file` and collects what it says. No shell is involved.
absl::Status RunFile(const std::string& file) {
  int words[2];
  if (pipe2(words, O_CLOEXEC) != 0)
    return absl::InternalError(absl::StrCat("cannot make a pipe: ", std::strerror(errno)));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, words[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, words[1], STDERR_FILENO);
  std::string name = "gnuplot", argument = file;
  char* arguments[] = {name.data(), argument.data(), nullptr};
  pid_t child = 0;
  const int error = posix_spawnp(&child, "gnuplot", &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(words[1]);
  std::string said;
  if (error == 0) {
    char buffer[4096];
    for (ssize_t got; (got = read(words[0], buffer, sizeof buffer)) != 0;) {
      if (got > 0) said.append(buffer, static_cast<size_t>(got));
      if (got < 0 && errno != EINTR) break;
    }
  }
  close(words[0]);
  if (error == ENOENT)
    return absl::NotFoundError("gnuplot is not in PATH; figures need it: apt-get install gnuplot-nox");
  if (error != 0) return absl::InternalError(absl::StrCat("cannot start gnuplot: ", std::strerror(error)));
  int result = 0;
  while (waitpid(child, &result, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(result) || WEXITSTATUS(result) != 0)
    return absl::InternalError(absl::StrCat("gnuplot failed: ", LastLine(said)));
  return absl::OkStatus();
}

}  // namespace

std::string Quoted(const std::string& text) { return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "''"}}), "'"); }

std::string Colour(size_t index) { return absl::StrCat("'", kPalette[index % kPalette.size()], "'"); }

std::string ToSvgAndPng(const std::string& plot, const std::string& base) {
  return absl::StrCat(
      "set terminal svg size 900,560 font 'DejaVu Sans,14' background '#FFFFFF'\nset output ", Quoted(base + ".svg"),
      "\n", plot,
      "\nset terminal pngcairo size 1350,840 font 'DejaVu Sans,14' fontscale 1.2 linewidth 1.4\nset output ",
      Quoted(base + ".png"), "\nreplot\nset output\n");
}

absl::Status RunGnuplot(const std::string& script) {
  std::string path = (std::filesystem::temp_directory_path() / "nmn-figure-XXXXXX").string();
  const int file = mkstemp(path.data());
  if (file < 0) return absl::InternalError(absl::StrCat("cannot write ", path, ": ", std::strerror(errno)));
  const bool written = write(file, script.data(), script.size()) == static_cast<ssize_t>(script.size());
  close(file);
  absl::Status status = written ? RunFile(path) : absl::InternalError(absl::StrCat("cannot write ", path));
  unlink(path.c_str());
  return status;
}

}  // namespace nmn::report
