#include "cli/sweep/slurm.h"

#include <unistd.h>

#include <filesystem>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cli/command/command.h"
#include "cli/sweep/embedded_files.h"
#include "cli/sweep/seeds.h"
#include "common/digest/sha256.h"
#include "common/text/counted.h"
#include "common/text/utf8.h"

namespace nmn::sweep {
namespace {

constexpr size_t kMostWords = 200;  // of an answer that is not understood

constexpr std::string_view kScript = "slurm/sweep.sbatch";

// What the sweep itself says to sbatch, and what would keep it from submitting.
struct Owned {
  const char* name;
  char letter;  // 0: it has none
  const char* reason;
};
constexpr char kOwn[] = "the sweep sets that itself; leave it out";
constexpr char kSubmitsNothing[] = "sbatch would submit nothing; leave it out";
constexpr char kWaits[] = "nmn sweep does not wait for its tasks; leave it out, and look at them with nmn sweep status";
constexpr Owned kOwned[] = {
    {"array", 'a', "the sweep chooses its tasks; say how many run at once with --jobs"},
    {"job-name", 'J', "the sweep finds its tasks by their name, which it chooses"},
    {"chdir", 'D', kOwn},
    {"output", 'o', kOwn},
    {"open-mode", 0, kOwn},
    {"parsable", 0, kOwn},
    {"wrap", 0, kOwn},
    {"test-only", 0, kSubmitsNothing},
    {"help", 'h', kSubmitsNothing},
    {"usage", 0, kSubmitsNothing},
    {"version", 'V', kSubmitsNothing},
    {"wait", 'W', kWaits},
};

// Variables of this process that begin so.
std::vector<std::string> VariablesOf(std::string_view prefix) {
  std::vector<std::string> names;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string name = std::string(*variable).substr(0, std::string_view(*variable).find('='));
    if (name.starts_with(prefix)) names.push_back(name);
  }
  return names;
}

std::string ScriptPath(const SweepDirectory& sweep) { return sweep.path + "/sweep.sbatch"; }

absl::Status WriteScript(const SweepDirectory& sweep) {
  for (const EmbeddedFile& file : EmbeddedFiles()) {
    if (file.name == kScript) return fs::WriteAtomically(fs::RealFileSystem(), ScriptPath(sweep), file.text);
  }
  return absl::InternalError(absl::StrCat(std::string(kScript), " is not in this program"));
}

}  // namespace

// squeue splits names at commas and Slurm's files give other
// characters a meaning, so the folder keeps letters, digits, dots and dashes; the digits keep two folders apart.
std::string JobName(const SweepDirectory& sweep) {
  std::string folder = std::filesystem::path(sweep.path).filename().string();
  for (char& c : folder) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '-') c = '_';
  }
  return absl::StrCat("nmn-", folder, "-", Hex(Sha256Of(sweep.path)).substr(0, 8));
}

// Slurm expands patterns in the whole path of a task's output: % begins one, and a backslash is taken away.
absl::Status CheckPath(const SweepDirectory& sweep) {
  for (const char c : sweep.path) {
    if (c == '%' || c == '\\' || absl::ascii_iscntrl(static_cast<unsigned char>(c)))
      return absl::InvalidArgumentError(
          absl::StrCat("Slurm cannot write its logs in \"", absl::CHexEscape(sweep.path),
                       "\": choose a directory without %, backslash and control characters in its path"));
  }
  return absl::OkStatus();
}

absl::Status CheckSbatchArguments(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    const std::string name = argument.substr(0, argument.find('='));
    if (name.size() < 2 || name[0] != '-') {
      return absl::InvalidArgumentError(absl::StrCat(
          "--sbatch=", argument, ": an argument of sbatch begins with -, as in --sbatch=--partition=long"));
    }
    for (const Owned& owned : kOwned) {
      // sbatch takes the beginning of a name, too.
      const bool is_long = name.size() > 2 && absl::StartsWith(absl::StrCat("--", owned.name), name);
      if (!is_long && (owned.letter == 0 || name[0] != '-' || name[1] != owned.letter)) continue;
      return absl::InvalidArgumentError(absl::StrCat("--sbatch=", argument, ": ", owned.reason));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::map<size_t, State>> AskSlurm(const SweepDirectory& sweep) {
  std::map<size_t, State> states;
  std::error_code error;
  if (!std::filesystem::exists(ScriptPath(sweep), error)) return states;
  // Variables of squeue choose among tasks as flags do, and what they hide would be submitted a second time.
  const absl::StatusOr<command::Result> answer =
      command::Run({"squeue", "--noheader", "--array", "--name=" + JobName(sweep), "--format=%K %T"}, command::kLimit,
                   "", VariablesOf("SQUEUE_"));
  if (absl::IsNotFound(answer.status())) return states;
  if (!answer.ok()) return answer.status();
  if (answer->exit_code != 0) return absl::UnavailableError(absl::StrCat("squeue failed: ", answer->LastWords()));
  // What is with Slurm and is not understood would be submitted a second time.
  const std::vector<std::string> lines = absl::StrSplit(answer->out, '\n', absl::SkipWhitespace());
  for (const std::string& line : lines) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    uint32_t index = 0;
    if (words.size() != 2 || !absl::SimpleAtoi(words[0], &index)) {
      return absl::UnavailableError(absl::StrCat("squeue's answer is not understood: \"",
                                                 text::Printable(line.substr(0, kMostWords)),
                                                 "\"; it must be task and state"));
    }
    states[index] = words[1] == "RUNNING" || words[1] == "COMPLETING" ? State::kRunning : State::kQueued;
  }
  return states;
}

absl::Status CheckPrograms() {
  if (!command::InPath("sbatch").ok())
    return absl::NotFoundError("sbatch is not in PATH; --engine=slurm needs Slurm's commands on this machine");
  for (const char* name : {"nmn-learner", "nmn-actor", "nmn"}) {
    if (const absl::StatusOr<std::string> program = command::Sibling(name); !program.ok()) return program.status();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> SubmitToSlurm(const SweepDirectory& sweep, const SlurmOptions& options) {
  if (absl::Status status = CheckPrograms(); !status.ok()) return status;
  const std::string programs = std::filesystem::path(*command::Sibling("nmn-learner")).parent_path().string();
  const absl::StatusOr<std::map<size_t, State>> scheduled = AskSlurm(sweep);
  if (!scheduled.ok()) return scheduled.status();
  std::vector<uint64_t> indices;
  const std::vector<RunState> states = ReadStates(sweep, *scheduled);
  for (size_t index = 0; index < states.size(); ++index) {
    if (sweep.runs[index].chosen && states[index].state != State::kDone && !scheduled->contains(index))
      indices.push_back(index);
  }
  const std::string counts = absl::StrCat(scheduled->size(), " with Slurm already");
  if (indices.empty()) return absl::StrCat("nothing to submit: all runs are done or with Slurm (", counts, ")");
  std::error_code error;
  const bool submitted_before = std::filesystem::exists(ScriptPath(sweep), error);
  if (absl::Status status = WriteScript(sweep); !status.ok()) return status;

  std::vector<std::string> arguments = {
      "sbatch", "--parsable",
      absl::StrCat("--array=", FormatSeeds(indices), options.jobs > 0 ? absl::StrCat("%", options.jobs) : ""),
      absl::StrCat("--job-name=", JobName(sweep)), absl::StrCat("--chdir=", sweep.path), "--nodes=1",
      absl::StrCat("--ntasks=", options.actors + 1), absl::StrCat("--cpus-per-task=", options.threads), "--requeue",
      "--open-mode=append", "--output=logs/task-%a.log",
      // The learner has a minute to save its checkpoint before a time limit.
      "--signal=B:TERM@60"};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  for (const std::string& argument : {ScriptPath(sweep), programs, absl::StrCat(options.restarts), options.device})
    arguments.push_back(argument);
  // With the job and in no file of the directory: what makes a process load code was said by whoever submitted it.
  arguments.insert(arguments.end(), options.task.begin(), options.task.end());
  const absl::StatusOr<command::Result> submitted = command::Run(arguments, command::kLimit, "", {"SBATCH_WAIT"});
  if (!submitted.ok()) return submitted.status();
  if (submitted->exit_code != 0) {
    // The script is the mark of a sweep that has tasks with Slurm.
    if (!submitted_before) std::filesystem::remove(ScriptPath(sweep), error);
    return absl::UnavailableError(absl::StrCat(
        "sbatch refused: ", submitted->LastWords(),
        "; nothing was submitted. Mend that and call it again, or call it with --engine=local, which runs them here"));
  }
  // "17", or "17;cluster".
  const std::string job = command::LastLine(submitted->out);
  if (uint64_t id = 0; !absl::SimpleAtoi(job.substr(0, job.find(';')), &id)) {
    return absl::UnavailableError(absl::StrCat("sbatch's answer is not understood: \"",
                                               text::Printable(job.substr(0, kMostWords)),
                                               "\"; it must be the number of a job; see squeue for what it did"));
  }
  return absl::StrCat("submitted ", indices.size(), " of ", text::Counted(sweep.runs.size(), "run"), " as array job ",
                      job, " (", counts, ")");
}

}  // namespace nmn::sweep
