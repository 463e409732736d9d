// Golden transcripts: each file in transcripts/ holds events, and indented under each what the core decided then.
// NMN_REWRITE_TRANSCRIPTS=1 in the environment writes the decisions anew; read the difference before you commit it.
//
//   config episodes=8 unit=2 lease=10 actors=3        before all else; horizon 2, x of dimension 1
//   @5 EVENT ...                                      at second 5
//   register ID INCARNATION [LANES] | connect STREAM | hello STREAM ID INCARNATION | leave STREAM | disconnect STREAM
//   publish VERSION | open UPDATE | tick | beat STREAM SEQUENCE
//   send STREAM UPDATE UNIT_FIRST FIRST COUNT [nan | digest | differs | short | generation | run]

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <sstream>

#include "common/nn/gaussian_head.h"
#include "learner/ingest/core.h"
#include "tests/support/deliver.h"
#include "tests/unit/learner/ingest/fake_trajectory.h"

namespace nmn::ingest {
namespace {

class Player {
 public:
  // The decisions after one event line, each as a line.
  std::string Play(const std::string& line) {
    std::istringstream in(line);
    std::string word;
    in >> word;
    if (word == "config") {
      Configure(in);
      return "";
    }
    now_ = std::stod(word.substr(1));
    in >> word;
    std::ostringstream out;
    Event(word, in, out);
    Report(core_->Decide(now_), out);
    return out.str();
  }

 private:
  void Configure(std::istringstream& in) {
    CoreOptions options{.run_id = kRunId,
                        .generation = 1,
                        .config_hash = "hash",
                        .shape = {.horizon = 2,
                                  .layout = trajectory::TrajectoryLayout::OfNetwork(1, nn::GaussianHead({})),
                                  .episodes = 0,
                                  .measures = {}},
                        .unit_episodes = 0,
                        .lease_seconds = 0,
                        .max_actors = 0,
                        .max_message_bytes = 8 << 20};
    for (std::string field; in >> field;) {
      const size_t equals = field.find('=');
      const uint32_t value = static_cast<uint32_t>(std::stoul(field.substr(equals + 1)));
      const std::string name = field.substr(0, equals);
      if (name == "episodes") options.shape.episodes = value;
      if (name == "unit") options.unit_episodes = value;
      if (name == "lease") options.lease_seconds = value;
      if (name == "actors") options.max_actors = value;
    }
    shape_ = options.shape;
    unit_ = options.unit_episodes;
    core_ = std::make_unique<Core>(options);
  }

  void Event(const std::string& word, std::istringstream& in, std::ostringstream& out) {
    std::string id;
    uint64_t stream = 0, number = 0;
    uint32_t lanes = 0;
    if (word == "register") {
      in >> id >> number >> lanes;
      Print(core_->Register(id, number, in ? lanes : 0, now_), out);
    } else if (word == "hello") {
      in >> stream >> id >> number;
      Print(core_->Hello(stream, FakeHello(id, number), now_), out);
    } else if (word == "send") {
      in >> stream;
      Send(stream, in, out);
    } else if (word == "beat") {
      in >> stream >> number;
      Print(core_->Count(stream, number, now_), out);
    } else if (word != "tick") {
      in >> number;
      if (word == "connect") core_->Connect(number, now_);
      if (word == "leave") core_->Leave(number);
      if (word == "disconnect") core_->Disconnect(number, now_);
      if (word == "publish") core_->Publish(static_cast<uint32_t>(number));
      if (word == "open") core_->Open(static_cast<uint32_t>(number));
    }
  }

  void Send(StreamId stream, std::istringstream& in, std::ostringstream& out) {
    uint32_t update = 0, unit_first = 0, first = 0, count = 0;
    std::string fault;
    in >> update >> unit_first >> first >> count >> fault;
    v1::Trajectory t = FakeTrajectory(shape_, update, unit_first, unit_, first, count);
    if (fault == "nan") Poke(t, 1, 0, std::numeric_limits<float>::quiet_NaN());
    if (fault == "differs") Poke(t, 1, 0, 0.5f);
    if (fault == "digest") t.clear_sha256();
    if (fault == "short") t.mutable_blocks(0)->mutable_data()->pop_back();
    if (fault == "generation") t.set_generation(0);
    if (fault == "run") t.set_run_id("another");
    Verdict verdict = core_->Examine(stream, t, t.ByteSizeLong(), now_);
    if (verdict.accepted()) verdict = Deliver(*core_, shape_.layout, stream, t, now_);
    out << "    " << v1::RejectReason_Name(verdict.reason) << (verdict.detail.empty() ? "" : ": " + verdict.detail)
        << "\n";
    if (verdict.accepted() && core_->complete()) out << "    update " << core_->update() << " is complete\n";
  }

  static void Print(const absl::Status& status, std::ostringstream& out) {
    if (!status.ok()) out << "    " << status.ToString() << "\n";
  }

  static void Report(const Decisions& decisions, std::ostringstream& out) {
    for (const Close& close : decisions.closes)
      out << "    close " << close.stream << ": " << close.status.ToString() << "\n";
    for (const Grant& grant : decisions.grants) {
      out << "    lease to " << grant.stream << ": update " << grant.lease.policy_version() << " episodes";
      for (const v1::UnitId& unit : grant.lease.units()) {
        out << " " << unit.first_episode() << "-" << unit.first_episode() + unit.count() - 1;
      }
      out << "\n";
    }
  }

  BatchShape shape_;
  uint32_t unit_ = 0;
  Time now_ = 0;
  std::unique_ptr<Core> core_;
};

TEST(Transcripts, TheCoreDecidesAsWritten) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator("tests/unit/learner/ingest/transcripts")) {
    std::ifstream in(entry.path());
    Player player;
    std::string golden, played;
    for (std::string line; std::getline(in, line);) {
      golden += line + "\n";
      if (line.starts_with("    ")) continue;
      played += line + "\n";
      if (!line.empty() && line[0] != '#') played += player.Play(line);
    }
    in.close();
    if (std::getenv("NMN_REWRITE_TRANSCRIPTS") != nullptr) {
      std::ofstream(entry.path()) << played;
    } else {
      EXPECT_EQ(played, golden) << entry.path();
    }
    ++files;
  }
  EXPECT_GE(files, 3);
}

}  // namespace
}  // namespace nmn::ingest
