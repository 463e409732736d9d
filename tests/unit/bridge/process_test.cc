// How Python is started, and what it may see.

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>

#include "tests/unit/bridge/pool.h"

namespace nmn::bridge {
namespace {

using ::testing::HasSubstr;

// What goes to stdout and stderr while it lives.
class Caught {
 public:
  explicit Caught(const std::string& folder) : out_(folder + "/out"), err_(folder + "/err") {
    Divert(STDOUT_FILENO, out_, saved_out_);
    Divert(STDERR_FILENO, err_, saved_err_);
  }
  ~Caught() {
    dup2(saved_out_, STDOUT_FILENO);
    dup2(saved_err_, STDERR_FILENO);
    close(saved_out_);
    close(saved_err_);
  }
  std::string out() const { return testing::ReadFile(out_); }
  std::string err() const { return testing::ReadFile(err_); }

 private:
  static void Divert(int descriptor, const std::string& file, int& saved) {
    saved = dup(descriptor);
    const fs::Descriptor to(file, O_CREAT | O_WRONLY | O_APPEND, 0600);
    dup2(to.get(), descriptor);
  }

  const std::string out_, err_;
  int saved_out_ = -1, saved_err_ = -1;
};

TEST_F(PoolTest, WhatATaskPrintsIsNoPartOfOurOutput) {
  const Caught caught(folder_.path());
  {
    const auto pool = WorkerPool::Start(Task("tasks:Prints"), 1);
    ASSERT_TRUE(pool.ok()) << pool.status();
    ASSERT_TRUE(Played::Episodes(**pool, {}, 1).ok());
  }
  EXPECT_THAT(caught.err(), HasSubstr("hello from a task\n"));
  EXPECT_THAT(caught.out(), Not(HasSubstr("hello")));
}

TEST_F(PoolTest, EnvironmentsAreClosedAtTheEnd) {
  { ASSERT_TRUE(WorkerPool::Start(Task("tasks:Ending"), 1).ok()); }
  EXPECT_EQ(testing::ReadFile(File()), "closed\n");
}

TEST_F(PoolTest, ModulesComeFromPythonPathAndNotFromTheWorkingDirectory) {
  testing::WriteFile(folder_.path() + "/modules_of_this_folder.py", "");
  setenv("PYTHONPATH", std::filesystem::absolute("tests/unit/bridge").c_str(), 1);
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder_.path());
  const auto pool = WorkerPool::Start(Task("tasks:where_modules_come_from"), 1);
  std::filesystem::current_path(before);
  EXPECT_THAT(std::string(pool.status().message()), HasSubstr("No module named 'modules_of_this_folder'"));

  setenv("PYTHONPATH", (std::filesystem::absolute("tests/unit/bridge").string() + ":" + folder_.path()).c_str(), 1);
  PythonTask task = Task("tasks:where_modules_come_from");
  task.horizon = 8;
  EXPECT_TRUE(WorkerPool::Start(task, 1).ok());
}

// A folder of tasks may have files of any name. Those of Python itself are what the worker gets.
TEST_F(PoolTest, FilesWithTheNamesOfPythonsOwnModulesDoNoHarm) {
  for (const char* name : {"mmap", "json", "socket", "signal", "operator", "random", "traceback", "io"})
    testing::WriteFile(folder_.path() + "/" + name + ".py", "raise RuntimeError('a file of the user')\n");
  const std::string tests = std::filesystem::absolute("tests/unit/bridge").string();
  setenv("PYTHONPATH", (folder_.path() + ":" + tests).c_str(), 1);
  const auto pool = WorkerPool::Start(Task("tasks:Drift"), 2);
  ASSERT_TRUE(pool.ok()) << pool.status();
  EXPECT_TRUE(Played::Episodes(**pool, {}, 2).ok());
  const auto own = WorkerPool::Start(Task("random:make"), 1);
  EXPECT_THAT(std::string(own.status().message()),
              HasSubstr("random has no make: Python itself has a module of that name; give yours another"));
}

TEST_F(PoolTest, APythonWithoutNumpyIsNamed) {
  testing::WriteFile(folder_.path() + "/numpy.py", "raise ImportError('no numpy here')\n");
  setenv("PYTHONPATH", folder_.path().c_str(), 1);
  const auto pool = WorkerPool::Start(Task("tasks:Drift"), 1);
  EXPECT_EQ(pool.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(pool.status().message()), HasSubstr("has no numpy: install it there, or name another"));
}

TEST(PythonProcess, AnInterpreterThatIsNotThereIsNamed) {
  PythonTask task;
  task.task = "tasks:Drift";
  task.python = "/nowhere/python3";
  const auto pool = WorkerPool::Start(task, 1);
  EXPECT_EQ(pool.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(std::string(pool.status().message()),
            "task tasks:Drift: cannot start /nowhere/python3 (--python): No such file or directory");
}

TEST(PythonProcess, NoPythonOnPathSaysHowToNameOne) {
  const std::string path = std::getenv("PATH");
  setenv("PATH", "/nowhere", 1);
  PythonTask task;
  task.task = "tasks:Drift";
  const auto pool = WorkerPool::Start(task, 1);
  setenv("PATH", path.c_str(), 1);
  EXPECT_THAT(std::string(pool.status().message()), HasSubstr("no python3 on PATH; name one with --python=FILE"));
}

TEST(PythonProcess, AnInterpreterThatRunsNothingIsNamedWithItsFlag) {
  PythonTask task;
  task.task = "tasks:Drift";
  task.python = "/bin/false";
  const absl::Status status = WorkerPool::Start(task, 1).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(std::string(status.message()),
            "task tasks:Drift: /bin/false cannot run a program (its process ended with exit code 1, before it read the "
            "task); name a Python that works with --python, and look at PYTHONHOME and its like");
}

TEST(PythonProcess, APythonWithoutItsLibraryIsNamed) {
  setenv("PYTHONHOME", "/nowhere", 1);
  PythonTask task;
  task.task = "tasks:Drift";
  const absl::Status status = WorkerPool::Start(task, 1).status();
  unsetenv("PYTHONHOME");
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("python3 cannot run a program"));
}

}  // namespace
}  // namespace nmn::bridge
