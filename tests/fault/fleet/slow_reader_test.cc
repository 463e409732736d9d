// Row 16: who reads slowly gets the newest weights and nothing in between, and the learner's memory does not pay for
// it.

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "absl/strings/str_format.h"
#include "actor/weights_assembler.h"
#include "common/sync/mutex.h"
#include "tests/fault/proxy/fault_proxy.h"
#include "tests/fault/row.h"
#include "tests/unit/learner/service/learner_fixture.h"

namespace nmn::fault {
namespace {

using service::RawActor;

constexpr size_t kParameters = 4 << 20;  // a version has 16 MiB, so that memory tells versions from noise
constexpr size_t kVersionBytes = kParameters * sizeof(float);
constexpr uint64_t kSlowBytesPerSecond = 2 << 20;

size_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  size_t pages = 0;
  file >> pages >> pages;
  return pages * static_cast<size_t>(::getpagesize());
}

// An actor that does nothing but read, over a connection of its own that a proxy makes slow.
class Reader {
 public:
  Reader(const std::string& name, uint16_t learner_port)
      : proxy_(*FaultProxy::Start(0, learner_port, 16)),
        actor_(service::Dial(proxy_->address()), name, service::TestBuild()) {
    actor_.Join();
    thread_ = std::thread([this] { Read(); });
  }
  ~Reader() {
    actor_.Cancel();
    thread_.join();
  }

  void Throttle(uint64_t bytes_per_second) {
    Faults faults;
    faults.down.bytes_per_second = bytes_per_second;
    proxy_->Set(faults);
  }
  uint64_t bytes() {
    MutexLock lock(mutex_);
    return bytes_;
  }
  // Versions that came whole and with the right digest, in order.
  std::vector<uint32_t> versions() {
    MutexLock lock(mutex_);
    return versions_;
  }
  bool WaitForVersion(uint32_t version) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    MutexLock lock(mutex_);
    while ((versions_.empty() || versions_.back() < version) && changed_.WaitUntil(mutex_, deadline)) {
    }
    return !versions_.empty() && versions_.back() >= version;
  }
  bool WaitForBytes(uint64_t bytes) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    MutexLock lock(mutex_);
    while (bytes_ < bytes && changed_.WaitUntil(mutex_, deadline)) {
    }
    return bytes_ >= bytes;
  }

 private:
  void Read() {
    actor::WeightsAssembler assembler(2 * kVersionBytes);
    while (true) {
      const v1::LearnerMessage message = actor_.Await(v1::LearnerMessage::kWeights);
      if (!message.has_weights()) return;
      const v1::WeightsChunk& chunk = message.weights();
      bool whole = false;
      {
        // Gone before anybody is told of it: a version here is not the learner's memory.
        const auto added = assembler.Add(chunk);
        EXPECT_TRUE(added.ok()) << added.status();
        whole = added.ok() && *added != nullptr;
      }
      MutexLock lock(mutex_);
      bytes_ += chunk.data().size();
      if (whole) versions_.push_back(chunk.version());
      changed_.NotifyAll();
    }
  }

  std::unique_ptr<FaultProxy> proxy_;
  RawActor actor_;
  Mutex mutex_;
  CondVar changed_;
  uint64_t bytes_ NMN_GUARDED_BY(mutex_) = 0;
  std::vector<uint32_t> versions_ NMN_GUARDED_BY(mutex_);
  std::thread thread_;
};

TEST(Row16, ASlowReaderGetsTheNewestWeightsOnly) {
  // Every version is a mapping of its own, given back when it is freed.
  ::mallopt(M_MMAP_THRESHOLD, 1 << 20);
  service::LearnerServer::Options options = service::TestOptions();
  options.listen = "127.0.0.1:0";
  const auto server = *service::LearnerServer::Start(options);
  std::vector<float> parameters(kParameters, 0.5f);
  const auto publish = [&](uint32_t version) {
    parameters[0] = static_cast<float>(version);
    server->Publish(version, parameters);
  };
  publish(1);
  Reader reader("slow", static_cast<uint16_t>(server->port()));
  // Buffers grow to their size: the reader has one to assemble a version in, which it keeps; the learner holds a
  // version.
  publish(2);
  ASSERT_TRUE(reader.WaitForVersion(2));
  const size_t before = ResidentBytes();
  size_t most = before;
  reader.Throttle(kSlowBytesPerSecond);
  uint64_t bytes = reader.bytes();
  const auto last = static_cast<uint32_t>(Count(20, 200));
  for (uint32_t version = 3; version <= last; ++version) {
    publish(version);
    most = std::max(most, ResidentBytes());
    // It does read meanwhile: slowly, a chunk every few versions.
    if (version % 10 == 0) {
      EXPECT_TRUE(reader.WaitForBytes(bytes += 1 << 20)) << version;
    }
  }
  most = std::max(most, ResidentBytes());
  reader.Throttle(0);
  EXPECT_TRUE(reader.WaitForVersion(last));
  const std::vector<uint32_t> versions = reader.versions();
  EXPECT_TRUE(std::is_sorted(versions.begin(), versions.end()));
  // 1, 2, those that were begun meanwhile, and the newest.
  EXPECT_LE(versions.size(), 3 + last / 8);
  EXPECT_EQ(versions.back(), last);
  // The version on its way to the reader, beside the newest.
  const double grown = static_cast<double>(most - before) / static_cast<double>(kVersionBytes);
  if (kMemoryIsGivenBack) {
    EXPECT_LE(grown, 2.0);
  }
  PrintFigure("16", absl::StrFormat("%d versions of 16 MiB, a slow reader got %d of them, the newest last; the "
                                    "learner's memory grew by %.1f versions",
                                    last, versions.size(), grown));
}

}  // namespace
}  // namespace nmn::fault
