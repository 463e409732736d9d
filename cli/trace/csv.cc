#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/trace/output.h"
#include "common/fs/file_system.h"

namespace nmn::trace {
namespace {

void AppendFloat(std::string& line, float value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", static_cast<double>(value));
  line += text;
}

// What every program says, with the same exit code (process::Main), but said while it can still end the work.
absl::Status StdoutError(int error) {
  return absl::UnavailableError(absl::StrCat("cannot write stdout: ", std::strerror(error == 0 ? EIO : error)));
}

class CsvOutput final : public Output {
 public:
  CsvOutput(std::optional<fs::WholeFile> file, std::vector<Column> columns)
      : file_(std::move(file)), columns_(std::move(columns)) {}

  absl::Status Add(const Block& block) override {
    std::string text = std::exchange(header_written_, true) ? "" : Header();
    for (size_t row = 0; row < block.t.size(); ++row) {
      for (size_t c = 0; c < columns_.size(); ++c) {
        if (c != 0) text += ',';
        if (columns_[c].source == Source::kEpisode) {
          absl::StrAppend(&text, block.episode);
        } else if (columns_[c].source == Source::kStep) {
          absl::StrAppend(&text, block.t[row]);
        } else {
          AppendFloat(text, block.values[c][row]);
        }
      }
      text += '\n';
    }
    return Write(text);
  }

  absl::Status Finish() override {
    if (file_) return file_->Commit();
    errno = 0;
    return std::cout.flush() ? absl::OkStatus() : StdoutError(errno);
  }

 private:
  std::string Header() const {
    std::string header;
    for (const Column& column : columns_) absl::StrAppend(&header, header.empty() ? "" : ",", column.name);
    return header + "\n";
  }

  absl::Status Write(const std::string& text) {
    if (file_) return file_->Write(text);
    errno = 0;
    return std::cout << text ? absl::OkStatus() : StdoutError(errno);
  }

  std::optional<fs::WholeFile> file_;  // none: stdout
  const std::vector<Column> columns_;
  bool header_written_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Output>> OpenCsv(const std::string& path, const std::vector<Column>& columns) {
  if (path.empty()) return std::make_unique<CsvOutput>(std::nullopt, columns);
  absl::StatusOr<fs::WholeFile> file = fs::WholeFile::Begin(fs::RealFileSystem(), path);
  if (!file.ok()) return file.status();
  return std::make_unique<CsvOutput>(*std::move(file), columns);
}

}  // namespace nmn::trace
