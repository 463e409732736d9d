#pragma once

namespace CLI {
class App;
}

namespace nmn::cli {

// Each adds one verb of `nmn` with its options and a callback that does the work and sets the exit code. What a verb
// prints for programs goes to stdout, everything else to stderr.
void AddTrain(CLI::App& app, int& exit_code);
void AddVersion(CLI::App& app, int& exit_code);
void AddEval(CLI::App& app, int& exit_code);
void AddTrace(CLI::App& app, int& exit_code);
void AddAnalyse(CLI::App& app, int& exit_code);
void AddExport(CLI::App& app, int& exit_code);
void AddReport(CLI::App& app, int& exit_code);
void AddSweep(CLI::App& app, int& exit_code);
void AddReproduce(CLI::App& app, int& exit_code);
void AddReplay(CLI::App& app, int& exit_code);
void AddStatus(CLI::App& app, int& exit_code);
void AddCerts(CLI::App& app, int& exit_code);
void AddTask(CLI::App& app, int& exit_code);
void AddBench(CLI::App& app, int& exit_code);

}  // namespace nmn::cli
