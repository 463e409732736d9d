#include "cli/report/gnuplot.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cli/command/command.h"

namespace nmn::report {
namespace {

// Okabe and Ito 2008, without yellow, which is faint on white.
constexpr std::array<const char*, 7> kPalette = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                                 "#E69F00", "#56B4E9", "#000000"};

// gnuplot repeats the faulty line and points at it before it says what is wrong.
absl::Status RunFile(const std::string& file) {
  const absl::StatusOr<command::Result> result = command::Run({"gnuplot", file});
  if (absl::IsNotFound(result.status()))
    return absl::NotFoundError("gnuplot is not in PATH; figures need it: apt-get install gnuplot-nox");
  if (!result.ok()) return result.status();
  if (result->exit_code != 0)
    return absl::InternalError(absl::StrCat("gnuplot failed: ", command::LastLine(result->out)));
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
