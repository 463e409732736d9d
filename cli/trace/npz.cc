#include <zlib.h>

#include <bit>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/trace/output.h"
#include "common/fs/file_system.h"
#include "common/fs/spool.h"

namespace nmn::trace {
namespace {

static_assert(std::endian::native == std::endian::little, "arrays are written as they lie in memory");

constexpr size_t kNumberBytes = 4;  // of uint32 and float32
constexpr uint32_t kInExtraField = 0xffffffff;
constexpr uint16_t kZip64Version = 45;
constexpr uint16_t kZip64Field = 1;
constexpr uint16_t kFirstDay = 0x21;  // 1 January 1980, so that equal traces are equal files

template <typename T>
void Put(T number, std::string& bytes) {
  char raw[sizeof(T)];
  std::memcpy(raw, &number, sizeof(T));
  bytes.append(raw, sizeof(T));
}

// Format 1.0 of numpy.lib.format: magic, length, a Python literal padded so that the numbers begin at a multiple of 64.
std::string NpyHeader(const Column& column, uint64_t rows) {
  std::string literal = absl::StrCat("{'descr': '", column.whole() ? "<u4" : "<f4",
                                     "', 'fortran_order': False, 'shape': (", rows, ",), }");
  constexpr size_t kBefore = 10;
  literal.append(63 - (kBefore + literal.size()) % 64, ' ');
  literal += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  Put(static_cast<uint16_t>(literal.size()), header);
  return header + literal;
}

uint32_t Crc(uint32_t crc, std::string_view bytes) {
  return static_cast<uint32_t>(crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

// An array of the archive.
struct Entry {
  std::string name;
  std::string header;  // of the array
  uint32_t crc = 0;    // of header and numbers
  uint64_t bytes = 0;  // likewise
  uint64_t offset = 0;
};

// Everything is in Zip64's fields, so that there is one way for small and large.
std::string LocalHeader(const Entry& entry) {
  std::string bytes;
  Put(uint32_t{0x04034b50}, bytes);
  for (const uint16_t number : {kZip64Version, uint16_t{0}, uint16_t{0}, uint16_t{0}, kFirstDay}) Put(number, bytes);
  for (const uint32_t number : {entry.crc, kInExtraField, kInExtraField}) Put(number, bytes);
  for (const size_t number : {entry.name.size(), size_t{20}}) Put(static_cast<uint16_t>(number), bytes);
  bytes += entry.name;
  for (const uint16_t number : {kZip64Field, uint16_t{16}}) Put(number, bytes);
  for (const uint64_t number : {entry.bytes, entry.bytes}) Put(number, bytes);
  return bytes;
}

std::string DirectoryHeader(const Entry& entry) {
  std::string bytes;
  Put(uint32_t{0x02014b50}, bytes);
  for (const uint16_t number : {kZip64Version, kZip64Version, uint16_t{0}, uint16_t{0}, uint16_t{0}, kFirstDay}) {
    Put(number, bytes);
  }
  for (const uint32_t number : {entry.crc, kInExtraField, kInExtraField}) Put(number, bytes);
  for (const size_t number : {entry.name.size(), size_t{28}, size_t{0}, size_t{0}, size_t{0}}) {
    Put(static_cast<uint16_t>(number), bytes);
  }
  for (const uint32_t number : {uint32_t{0}, kInExtraField}) Put(number, bytes);
  bytes += entry.name;
  for (const uint16_t number : {kZip64Field, uint16_t{24}}) Put(number, bytes);
  for (const uint64_t number : {entry.bytes, entry.bytes, entry.offset}) Put(number, bytes);
  return bytes;
}

std::string End(uint64_t entries, uint64_t directory_offset, uint64_t directory_bytes) {
  std::string bytes;
  Put(uint32_t{0x06064b50}, bytes);
  Put(uint64_t{44}, bytes);
  for (const uint16_t number : {kZip64Version, kZip64Version}) Put(number, bytes);
  for (const uint32_t number : {0u, 0u}) Put(number, bytes);
  for (const uint64_t number : {entries, entries, directory_bytes, directory_offset}) Put(number, bytes);
  Put(uint32_t{0x07064b50}, bytes);
  Put(uint32_t{0}, bytes);
  Put(directory_offset + directory_bytes, bytes);
  Put(uint32_t{1}, bytes);
  Put(uint32_t{0x06054b50}, bytes);
  for (const uint16_t number : {uint16_t{0}, uint16_t{0}, uint16_t{0xffff}, uint16_t{0xffff}}) Put(number, bytes);
  for (const uint32_t number : {kInExtraField, kInExtraField}) Put(number, bytes);
  Put(uint16_t{0}, bytes);
  return bytes;
}

class NpzOutput final : public Output {
 public:
  NpzOutput(fs::WholeFile file, fs::Spool spool, std::vector<Column> columns, uint64_t blocks)
      : file_(std::move(file)),
        spool_(std::move(spool)),
        columns_(std::move(columns)),
        blocks_(blocks),
        entries_(columns_.size()) {}

  // A block lies in the spool column after column.
  absl::Status Add(const Block& block) override {
    if (blocks_here_++ == 0) Begin(block.t.size());
    std::string bytes;
    for (size_t c = 0; c < columns_.size(); ++c) {
      const size_t first = bytes.size();
      for (size_t row = 0; row < rows_; ++row) {
        if (columns_[c].source == Source::kEpisode) {
          Put(block.episode, bytes);
        } else if (columns_[c].source == Source::kStep) {
          Put(block.t[row], bytes);
        } else {
          Put(block.values[c][row], bytes);
        }
      }
      entries_[c].crc = Crc(entries_[c].crc, std::string_view(bytes).substr(first));
    }
    return spool_.Append(bytes);
  }

  absl::Status Finish() override {
    const size_t column_bytes = rows_ * kNumberBytes;
    std::string numbers(column_bytes, '\0');
    std::string directory;
    for (size_t c = 0; c < columns_.size(); ++c) {
      entries_[c].offset = written_;
      if (absl::Status status = Write(LocalHeader(entries_[c]) + entries_[c].header); !status.ok()) return status;
      for (uint64_t block = 0; block < blocks_here_; ++block) {
        const uint64_t offset = (block * columns_.size() + c) * column_bytes;
        if (absl::Status status = spool_.Read(offset, column_bytes, numbers.data()); !status.ok()) return status;
        if (absl::Status status = Write(numbers); !status.ok()) return status;
      }
      directory += DirectoryHeader(entries_[c]);
    }
    const uint64_t directory_offset = written_;
    if (absl::Status status = Write(directory + End(columns_.size(), directory_offset, directory.size())); !status.ok())
      return status;
    return file_.Commit();
  }

 private:
  void Begin(size_t rows) {
    rows_ = rows;
    for (size_t c = 0; c < columns_.size(); ++c) {
      Entry& entry = entries_[c];
      entry.name = columns_[c].name + ".npy";
      entry.header = NpyHeader(columns_[c], blocks_ * rows);
      entry.crc = Crc(0, entry.header);
      entry.bytes = entry.header.size() + blocks_ * rows * kNumberBytes;
    }
  }

  absl::Status Write(std::string_view bytes) {
    written_ += bytes.size();
    return file_.Write(bytes);
  }

  fs::WholeFile file_;
  fs::Spool spool_;
  const std::vector<Column> columns_;
  const uint64_t blocks_;     // that will come
  uint64_t blocks_here_ = 0;  // that have
  size_t rows_ = 0;           // of a block
  std::vector<Entry> entries_;
  uint64_t written_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Output>> OpenNpz(const std::string& path, const std::vector<Column>& columns,
                                                uint64_t blocks) {
  absl::StatusOr<fs::WholeFile> file = fs::WholeFile::Begin(fs::RealFileSystem(), path);
  if (!file.ok()) return file.status();
  absl::StatusOr<fs::Spool> spool = fs::Spool::Beside(path);
  if (!spool.ok()) return spool.status();
  return std::make_unique<NpzOutput>(*std::move(file), *std::move(spool), columns, blocks);
}

}  // namespace nmn::trace
