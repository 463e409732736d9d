#include "cli/report/gnuplot.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "cli/command/command.h"
#include "cli/report/output.h"
#include "common/fs/file_system.h"

namespace nmn::report {
namespace {

// Okabe and Ito 2008, without yellow, which is faint on white.
constexpr std::array<const char*, 7> kPalette = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                                 "#E69F00", "#56B4E9", "#000000"};

// How far the further shades of a colour go: above 0 to white, below to black.
constexpr std::array<double, 4> kShades = {0, 0.45, -0.4, 0.7};

// On paper, letters are as in the captions of most journals.
constexpr double kPaperPoints = 8;
constexpr double kPointsPerInch = 72, kPixelsPerInch = 96;
constexpr double kPngDotsPerInch = 300;  // on paper

// A figure takes a second. A training that has ended does not wait for long for one that hangs.
constexpr std::chrono::seconds kDrawLimit(30);

std::string Font(double size) { return absl::StrFormat("font 'DejaVu Sans,%g'", size); }

std::string Terminal(const std::string& format, const Style& style) {
  if (!style.size) {
    const auto [width, height] = style.screen;
    if (format == "svg") return absl::StrFormat("svg size %g,%g %s background '#FFFFFF'", width, height, Font(14));
    if (format == "png")
      return absl::StrFormat("pngcairo size %g,%g %s fontscale 1.2 linewidth 1.4", 1.5 * width, 1.5 * height, Font(14));
    return absl::StrFormat("pdfcairo size %gin,%gin %s linewidth 1.2", width / kPixelsPerInch, height / kPixelsPerInch,
                           Font(10.5));
  }
  const double width = style.size->width, height = style.size->height;
  if (format == "svg") {
    return absl::StrFormat("svg size %.0f,%.0f %s linewidth 0.8 background '#FFFFFF'", width * kPixelsPerInch,
                           height * kPixelsPerInch, Font(kPaperPoints * kPixelsPerInch / kPointsPerInch));
  }
  if (format == "png") {
    const double scale = kPngDotsPerInch / kPixelsPerInch;
    return absl::StrFormat("pngcairo size %.0f,%.0f %s fontscale %g linewidth %g pointscale %g",
                           width * kPngDotsPerInch, height * kPngDotsPerInch, Font(kPaperPoints), scale, 0.8 * scale,
                           0.8 * scale);
  }
  return absl::StrFormat("pdfcairo size %gin,%gin %s linewidth 0.8", width, height, Font(kPaperPoints));
}

// Names of curves are long and paper is narrow.
std::string KeyFont(const std::string& format, const Style& style) {
  if (!style.size) return "";
  const double size = 0.82 * kPaperPoints * (format == "svg" ? kPixelsPerInch / kPointsPerInch : 1);
  return absl::StrFormat("set key font 'DejaVu Sans Condensed,%.3g' samplen 2\n", size);
}

// gnuplot ends with 0 also if the disk is full. So look at the file's end: a whole file ends as its format does.
bool IsWhole(const std::string& content, const std::string& format) {
  const std::string_view end = format == "svg" ? "</svg>" : format == "png" ? "IEND" : "%%EOF";
  const std::string_view tail = std::string_view(content).substr(content.size() - std::min<size_t>(content.size(), 64));
  return tail.find(end) != std::string_view::npos;
}

// A file beside the script, as gnuplot is told of it. It begins there: a folder's name may begin with "|" or "<", which
// gnuplot takes for a command of the shell, or "~", or have a newline.
std::string InItsFolder(const std::string& path) {
  return absl::StrCat("./", std::filesystem::path(path).filename().string());
}

// A terminal that gnuplot does not have, e.g. that of a desktop, is an error to it before it reads the script.
const std::vector<std::string> kOfAUser = {"GNUTERM"};

// It writes as far as it may (SIGXFSZ). Its libraries trap where they get no thread (GLib) or no memory.
std::string ReasonOf(const command::Result& result) {
  if (result.exit_code - 128 == SIGXFSZ) return "; raise the limit of file sizes (ulimit -f)";
  if (result.exit_code - 128 != SIGTRAP && result.exit_code - 128 != SIGABRT) return "";
  return absl::StrCat(
      "; it may have too few processes or too little memory (ulimit -u and -v, pids.max of the cgroup): ",
      result.LastWords());
}

// gnuplot repeats the faulty line and points at it before it says what is wrong.
absl::Status RunGnuplot(const std::string& script_file) {
  const std::string folder = std::filesystem::path(script_file).parent_path();
  const absl::StatusOr<command::Result> result =
      command::Run({"gnuplot", "--default-settings", InItsFolder(script_file)}, kDrawLimit, folder, kOfAUser);
  if (absl::IsNotFound(result.status()))
    return absl::NotFoundError("gnuplot is not in PATH; figures need it: apt-get install gnuplot-nox");
  if (!result.ok()) return result.status();
  if (result->exit_code > 128)
    return absl::UnavailableError(
        absl::StrCat("gnuplot was ended by signal ", result->exit_code - 128, ReasonOf(*result)));
  if (result->exit_code != 0) return absl::InternalError(absl::StrCat("gnuplot failed: ", result->LastWords()));
  return absl::OkStatus();
}

// One picture on its way: gnuplot writes `part`, which is then called `file`.
struct Picture {
  std::string format, part, file;
};

absl::Status Finish(const Picture& picture) {
  const absl::StatusOr<std::string> content = fs::RealFileSystem().Read(picture.part);
  if (!content.ok() && !absl::IsNotFound(content.status())) return content.status();
  if (!content.ok() || !IsWhole(*content, picture.format)) {
    return absl::UnavailableError(
        absl::StrCat("gnuplot could not write ", picture.file, " to its end: is the disk full?"));
  }
  return fs::RealFileSystem().Rename(picture.part, picture.file);
}

absl::Status DrawPictures(const std::string& script_file, const std::vector<Picture>& pictures) {
  if (absl::Status status = RunGnuplot(script_file); !status.ok()) return status;
  for (const Picture& picture : pictures) {
    if (absl::Status status = Finish(picture); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

std::string Quoted(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "''"}, {"\n", " "}}), "'");
}

std::string Colour(size_t index) { return kPalette[index % kPalette.size()]; }

std::string ColourOf(const std::string& architecture, size_t shade) {
  constexpr std::array<std::string_view, 2> kArchitectures = {"NMN", "RNN"};
  const auto* found = std::find(kArchitectures.begin(), kArchitectures.end(), architecture);
  const std::string colour = Colour(static_cast<size_t>(found - kArchitectures.begin()));
  const double change = kShades[shade % kShades.size()];
  const double end = change > 0 ? 255 : 0;
  std::string shaded = "#";
  for (size_t i = 1; i < colour.size(); i += 2) {
    const double part = static_cast<double>(std::strtol(colour.substr(i, 2).c_str(), nullptr, 16));
    absl::StrAppendFormat(&shaded, "%02X", std::lround(part + std::abs(change) * (end - part)));
  }
  return shaded;
}

std::string TitleCommand(const std::string& title, const Style& style) {
  return style.title ? absl::StrCat("set title ", Quoted(title), " noenhanced offset 0,0.3\n") : "";
}

absl::Status DrawScript(const std::string& script, const Style& style, const std::string& base) {
  const size_t plot = script.rfind("\nplot ") + 1;
  return DrawCommands(script.substr(0, plot), script.substr(plot), style, base);
}

absl::Status DrawCommands(const std::string& setup, const std::string& plot, const Style& style,
                          const std::string& base) {
  std::string all = absl::StrCat("set encoding utf8\n", setup);
  std::vector<Picture> pictures;
  for (const std::string& format : style.formats) {
    pictures.push_back({format, fs::TemporaryBeside(base), absl::StrCat(base, ".", format)});
    absl::StrAppend(&all, "set terminal ", Terminal(format, style), "\n", KeyFont(format, style), "set output ",
                    Quoted(InItsFolder(pictures.back().part)), "\n", plot, "\nset output\n");
  }
  const std::string script_file = fs::TemporaryBeside(base);
  absl::Status status = fs::About(absl::StrCat("gnuplot's script for ", base, ".", style.formats[0]), script_file,
                                  WriteText(script_file, all));
  if (status.ok()) status = DrawPictures(script_file, pictures);
  static_cast<void>(fs::RealFileSystem().RemoveAll(script_file));
  for (const Picture& picture : pictures) static_cast<void>(fs::RealFileSystem().RemoveAll(picture.part));
  return status;
}

}  // namespace nmn::report
