#include "learner/metrics/live_run.h"

#include <gmock/gmock.h>

#include <atomic>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <thread>

#include "common/config/config.h"
#include "learner/metrics/update_metrics.h"
#include "tests/support/subprocess.h"

namespace nmn::metrics {
namespace {

using nlohmann::json;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

v1::RunConfig Config() { return *config::Preset("fast", "b1", "nmn"); }

// Is no UTF-8, turns a terminal, ends a script.
const char kHostile[] = "</script><b>\x1b[31m\xff\"";
const char kHostileShown[] = "</script><b>\\x1b[31m\\xff\"";

MetricsRecord Update(uint32_t update) {
  MetricsRecord record;
  record.update = update;
  record.episodes = 50 * update;
  record.return_mean = 0.1 * update;
  record.discounted_last_1000 = 100 + update;
  record.adaptation = {{0, -1.5}, {1399, 2.0 * update}};
  record.report.reverted = update == 2;
  record.report.kl = 0.003;
  record.report.clip_fraction = kNone;
  record.report.phase_seconds = {{"critic", 0.5}, {"policy", 0.25}};
  return record;
}

LearnerStatus Status() {
  LearnerStatus learner;
  learner.status.set_run_id("0123456789abcdef");
  learner.status.set_generation(2);
  learner.status.set_state("collecting");
  learner.status.set_update(3);
  learner.status.set_budget_updates(500);
  learner.status.set_seconds_left(60);
  v1::ActorStatus& actor = *learner.status.add_actors();
  actor.set_actor_id("first");
  actor.set_connected(true);
  actor.set_steps_per_second(1234.5);
  actor.set_policy_lag(1);
  (*learner.status.mutable_rejects())["STALE_POLICY"] = 3;
  return learner;
}

// What a page can meet: trials and an evaluation too.
json Whole() {
  LiveRun run(Config(), "my-run");
  run.SetSource(Status);
  run.OnUpdate(Update(1), 0.003);
  MetricsRecord last = Update(2);
  last.trials = {{"1", {.episodes = 50, .mean = 2.5}}, {"cut", {.episodes = 3, .mean = -1}}};
  last.evaluation.emplace();
  last.evaluation->set_update(2);
  last.evaluation->set_discounted_mean(7);
  run.OnUpdate(last, 0.003);
  for (const char* phase : {"collect", "update", "evaluate", "record"}) run.AddPhase(phase, 1);
  return json::parse(run.Json());
}

TEST(LiveRun, IsStartingUntilSomebodySaysOtherwise) {
  const json run = json::parse(LiveRun(Config(), "my-run").Json());
  EXPECT_EQ(run["state"], "starting");
  EXPECT_EQ(run["health"], "the learner is starting");
  EXPECT_EQ(run["budget_updates"], config::BudgetUpdates(Config()));
  EXPECT_EQ(run["history"]["update"], json::array());
  EXPECT_EQ(run["kl_target"], nullptr);
}

TEST(LiveRun, SaysWhichRunItIsAndHowFar) {
  const json run = Whole();
  EXPECT_EQ(run["run"]["name"], "my-run");
  EXPECT_EQ(run["run"]["benchmark"], "b1");
  EXPECT_EQ(run["run"]["arch"], "nmn");
  EXPECT_EQ(run["run"]["seed"], "1");
  EXPECT_EQ(run["run"]["mode"], "sync");
  EXPECT_EQ(run["run"]["generation"], 2);
  EXPECT_EQ(run["state"], "collecting");
  EXPECT_EQ(run["health"], "ok");
  EXPECT_EQ(run["update"], 3);
  EXPECT_GT(run["optimum"]["discounted"], 4000);
  EXPECT_EQ(run["kl_target"], 0.003);
}

TEST(LiveRun, HasAListForEachFieldOfMetricsJsonl) {
  const json history = Whole()["history"];
  for (const UpdateMetric& metric : UpdateMetrics()) {
    if (metric.field == nullptr) continue;
    ASSERT_TRUE(history.contains(metric.field)) << metric.field;
    EXPECT_EQ(history[metric.field].size(), 2) << metric.field;
  }
  EXPECT_EQ(history["update"].dump(), "[1,2]");
  EXPECT_EQ(history["episodes"].dump(), "[50,100]");
  EXPECT_EQ(history["reverted"].dump(), "[false,true]");
  EXPECT_EQ(history["return_mean"].dump(), "[0.1,0.2]");
  EXPECT_EQ(history["clip_fraction"].dump(), "[null,null]");
  EXPECT_EQ(history["trials_per_episode"].dump(), "[null,null]");
}

TEST(LiveRun, ShowsAdaptationOfTheFirstAMiddleAndTheLastUpdate) {
  LiveRun run(Config(), "my-run");
  for (uint32_t update = 1; update <= 9; ++update) run.OnUpdate(Update(update), 0);
  const json adaptation = json::parse(run.Json())["adaptation"];
  ASSERT_EQ(adaptation.size(), 3);
  for (const auto& [i, update] : std::map<int, int>{{0, 1}, {1, 5}, {2, 9}}) {
    EXPECT_EQ(adaptation[i]["update"], update);
    EXPECT_EQ(adaptation[i]["steps"], (json{{"0", -1.5}, {"1399", 2.0 * update}}));
    EXPECT_EQ(adaptation[i]["trials"], json::object());
  }
}

TEST(LiveRun, StaysSmallHoweverLongTheRunIs) {
  LiveRun run(Config(), "my-run");
  for (uint32_t update = 1; update <= 10'000; ++update) run.OnUpdate(Update(update), 0);
  const std::string text = run.Json();
  EXPECT_LT(text.size(), 1 << 20);
  const json history = json::parse(text)["history"];
  EXPECT_LE(history["update"].size(), 1002);
  EXPECT_EQ(history["update"].front(), 1);
  EXPECT_EQ(history["update"].back(), 10'000);
  EXPECT_EQ(history["stride"], 16);
}

// The time of an update is told after it; that of checkpoint 0 belongs to none.
TEST(LiveRun, TellsTheTimeOfTheLastUpdatesAndOfAll) {
  LiveRun run(Config(), "my-run");
  run.AddPhase("checkpoint", 5);
  for (uint32_t update = 1; update <= 30; ++update) {
    run.OnUpdate(Update(update), 0);
    run.AddPhase("collect", update <= 10 ? 100 : 2);
    run.AddPhase("update", 1);
  }
  const json time = json::parse(run.Json())["time"];
  EXPECT_EQ(time["updates"], 20);
  EXPECT_EQ(time["recent"]["loop"], (json{{"collect", 40.0}, {"update", 20.0}}));
  EXPECT_EQ(time["recent"]["parts"], (json{{"critic", 10.0}, {"policy", 5.0}}));
  EXPECT_EQ(time["process"]["loop"], (json{{"checkpoint", 5.0}, {"collect", 1040.0}, {"update", 30.0}}));
  EXPECT_EQ(time["process"]["parts"], (json{{"critic", 15.0}, {"policy", 7.5}}));
}

TEST(LiveRun, SaysTheBottleneckOfNow) {
  LiveRun run(Config(), "my-run");
  run.SetSource(Status);
  run.OnUpdate(Update(1), 0);
  run.AddPhase("collect", 3);
  run.AddPhase("update", 1);
  EXPECT_EQ(json::parse(run.Json())["bottleneck"],
            "The learner waits for actors 75 % of the time: more actors, on other cores or machines, would help.");
  run.SetSource([] {
    LearnerStatus learner = Status();
    learner.status.set_state("complete");
    return learner;
  });
  EXPECT_EQ(json::parse(run.Json())["bottleneck"], "");
}

TEST(LiveRun, ListsActorsAsStatusDoes) {
  const json fleet = Whole()["fleet"];
  EXPECT_EQ(fleet["connected"], 1);
  EXPECT_EQ(fleet["known"], 1);
  EXPECT_EQ(fleet["actors"][0]["actor_id"], "first");
  EXPECT_EQ(fleet["actors"][0]["steps_per_second"], 1234.5);
  EXPECT_EQ(fleet["actors"][0]["policy_lag"], 1);
  EXPECT_EQ(fleet["rejected"], (json{{"STALE_POLICY", 3}}));
}

TEST(LiveRun, ListsABoundedNumberOfActors) {
  LiveRun run(Config(), "my-run");
  run.SetSource([] {
    LearnerStatus learner;
    for (int i = 0; i < 2000; ++i) learner.status.add_actors()->set_connected(true);
    return learner;
  });
  const json fleet = json::parse(run.Json())["fleet"];
  EXPECT_EQ(fleet["actors"].size(), LiveRun::kMostActors);
  EXPECT_EQ(fleet["known"], 2000);
  EXPECT_EQ(fleet["connected"], 2000);
}

TEST(LiveRun, WordsOfOthersAreTextWhateverTheyHold) {
  LiveRun run(Config(), kHostile);
  run.SetSource([] {
    LearnerStatus learner = Status();
    learner.status.mutable_actors(0)->set_actor_id(kHostile);
    learner.status.mutable_actors(0)->set_last_error(kHostile);
    return learner;
  });
  const std::string text = run.Json();
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  const json parsed = json::parse(text);  // refuses what is no UTF-8
  EXPECT_EQ(parsed["run"]["name"], kHostileShown);
  EXPECT_EQ(parsed["fleet"]["actors"][0]["actor_id"], kHostileShown);
  EXPECT_EQ(parsed["fleet"]["actors"][0]["last_error"], kHostileShown);
}

// What ThreadSanitizer looks at.
TEST(LiveRun, IsReadWhileTheRunGoesOn) {
  LiveRun run(Config(), "my-run");
  std::atomic<bool> over = false;
  std::thread reader([&] {
    while (!over) EXPECT_TRUE(json::accept(run.Json()));
  });
  run.SetSource(Status);
  for (uint32_t update = 1; update <= 200; ++update) {
    run.OnUpdate(Update(update), 0.003);
    run.AddPhase("collect", 1);
  }
  run.SetSource(nullptr);
  over = true;
  reader.join();
  EXPECT_EQ(json::parse(run.Json())["state"], "ending");
}

// "fleet.actors[].actor_id"; names that a run brings become the page's word for them.
void CollectFields(const json& value, const std::string& path, std::set<std::string>& fields) {
  const std::map<std::string, std::string> words = {{"adaptation[].steps", "STEP"}, {"adaptation[].trials", "TRIAL"},
                                                    {"time.recent.loop", "PHASE"},  {"time.process.loop", "PHASE"},
                                                    {"time.recent.parts", "PART"},  {"time.process.parts", "PART"},
                                                    {"fleet.rejected", "REASON"}};
  if (value.is_array() && !value.empty() && value[0].is_object()) {
    for (const json& item : value) CollectFields(item, path + "[]", fields);
  } else if (value.is_object()) {
    for (const auto& [name, item] : value.items()) {
      const bool metric = path == "history" && name != "stride";
      const auto word = words.find(path);
      CollectFields(item,
                    (path.empty() ? "" : path + ".") + (metric                ? "FIELD"
                                                        : word == words.end() ? name
                                                                              : word->second),
                    fields);
    }
  } else {
    fields.insert(path);
  }
}

TEST(LivePagePage, HasOneRowForEveryFieldOfRunJson) {
  std::set<std::string> fields;
  CollectFields(Whole(), "", fields);
  std::multiset<std::string> rows;
  std::istringstream page(testing::ReadFile("docs/live_page.md"));
  for (std::string line; std::getline(page, line);) {
    if (line.rfind("| `", 0) == 0) rows.insert(line.substr(3, line.find('`', 3) - 3));
  }
  EXPECT_THAT(rows, ::testing::ElementsAreArray(fields));
}

}  // namespace
}  // namespace nmn::metrics
