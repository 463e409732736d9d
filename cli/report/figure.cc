#include "cli/report/figure.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

extern char** environ;

namespace nmn::report {
namespace {

// Okabe and Ito 2008, without yellow, which is faint on white.
constexpr std::array<const char*, 7> kPalette = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                                 "#E69F00", "#56B4E9", "#000000"};

// gnuplot's single quotes take everything literally but themselves.
std::string Quoted(const std::string& text) { return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "''"}}), "'"); }

std::string Columns(const Series& series) {
  std::string block;
  for (size_t i = 0; i < series.x.size(); ++i) {
    const double band = series.deviation.empty() ? 0 : series.deviation[i];
    absl::StrAppendFormat(&block, "%.9g %.9g %.9g %.9g\n", series.x[i], series.y[i], series.y[i] - band,
                          series.y[i] + band);
  }
  return block;
}

// gnuplot repeats the faulty line and points at it before it says what is wrong.
std::string LastLine(const std::string& text) {
  const size_t end = text.find_last_not_of('\n');
  if (end == std::string::npos) return "it said nothing";
  const size_t begin = text.rfind('\n', end);
  return text.substr(begin + 1, end - begin);
}

// Runs `gnuplot script` and collects what it says. No shell is involved.
absl::Status RunGnuplot(const std::string& script) {
  int words[2];
  if (pipe2(words, O_CLOEXEC) != 0)
    return absl::InternalError(absl::StrCat("cannot make a pipe: ", std::strerror(errno)));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, words[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, words[1], STDERR_FILENO);
  std::string name = "gnuplot", argument = script;
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

std::string GnuplotScript(const Figure& figure, const std::string& base) {
  std::string script = "set encoding utf8\n";
  for (size_t i = 0; i < figure.series.size(); ++i) {
    absl::StrAppend(&script, "$s", i, " << END\n", Columns(figure.series[i]), "END\n");
  }
  absl::StrAppend(&script, "set title ", Quoted(figure.title), " noenhanced offset 0,0.3\n");
  absl::StrAppend(&script, "set xlabel ", Quoted(figure.x_label), " noenhanced offset 0,0.4\n");
  absl::StrAppend(&script, "set ylabel ", Quoted(figure.y_label), " noenhanced offset -0.5,0\n");
  absl::StrAppend(&script,
                  "set border 3 lc rgb '#404040'\n"
                  "set tics nomirror textcolor rgb '#404040'\n"
                  "set grid ytics lc rgb '#DDDDDD' lw 1 lt 1\n"
                  "set key below left Left reverse samplen 3 spacing 1.2 maxrows 4 noenhanced\n"
                  "set format y '%g'\n"
                  "set rmargin 3\n"
                  "set style fill transparent solid 0.18 noborder\n"
                  "set autoscale xfixmax\n");
  // Room beside the first and the last point of a logarithmic axis, so that their markers and labels are whole.
  absl::StrAppend(
      &script, figure.log_x ? "set logscale x\nset xrange [0.9:*]\nset offsets 0, graph 0.04, graph 0.04, graph 0.02\n"
                            : "set xrange [0:*]\nset offsets 0, 0, graph 0.04, graph 0.02\n");
  if (!figure.ticks.empty()) {
    absl::StrAppend(&script, "set xtics (");
    for (size_t i = 0; i < figure.ticks.size(); ++i) {
      absl::StrAppendFormat(&script, "%s%s %.9g", i == 0 ? "" : ", ", Quoted(figure.ticks[i].label), figure.ticks[i].x);
    }
    absl::StrAppend(&script, ")\n");
  }
  std::vector<std::string> layers;
  for (size_t i = 0; i < figure.series.size(); ++i) {
    const Series& series = figure.series[i];
    if (series.deviation.empty()) continue;
    layers.push_back(absl::StrCat("$s", i, " using 1:3:4 with filledcurves lc rgb '",
                                  kPalette[series.colour % kPalette.size()], "' notitle"));
  }
  for (const Reference& reference : figure.references) {
    layers.push_back(absl::StrFormat("%.9g with lines lw 1.5 dt (4,4) lc rgb '#606060' title %s", reference.y,
                                     Quoted(reference.label)));
  }
  for (size_t i = 0; i < figure.series.size(); ++i) {
    const Series& series = figure.series[i];
    layers.push_back(absl::StrCat("$s", i, " using 1:2 with ", series.markers ? "linespoints pt 7 ps 0.9" : "lines",
                                  " lw 2 dt ", series.dashed ? "2" : "1", " lc rgb '",
                                  kPalette[series.colour % kPalette.size()], "' title ", Quoted(series.label)));
  }
  std::string plot = "plot ";
  for (size_t i = 0; i < layers.size(); ++i) absl::StrAppend(&plot, i == 0 ? "" : ", \\\n  ", layers[i]);
  absl::StrAppend(
      &script, "set terminal svg size 900,560 font 'DejaVu Sans,14' background '#FFFFFF'\nset output ",
      Quoted(base + ".svg"), "\n", plot,
      "\nset terminal pngcairo size 1350,840 font 'DejaVu Sans,14' fontscale 1.2 linewidth 1.4\nset output ",
      Quoted(base + ".png"), "\nreplot\nset output\n");
  return script;
}

absl::Status Draw(const Figure& figure, const std::string& base) {
  std::string script = (std::filesystem::temp_directory_path() / "nmn-figure-XXXXXX").string();
  const int file = mkstemp(script.data());
  if (file < 0) return absl::InternalError(absl::StrCat("cannot write ", script, ": ", std::strerror(errno)));
  const std::string text = GnuplotScript(figure, base);
  const bool written = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(file);
  absl::Status status = written ? RunGnuplot(script) : absl::InternalError(absl::StrCat("cannot write ", script));
  unlink(script.c_str());
  return status;
}

}  // namespace nmn::report
