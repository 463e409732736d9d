// nmn-fault-proxy: a TCP proxy on loopback that mistreats what passes, to try a learner and its actors by hand.

#include <CLI/CLI.hpp>
#include <iostream>

#include "common/exit_code/exit_code.h"
#include "common/sync/signal_watcher.h"
#include "common/sync/stop.h"
#include "tests/fault/proxy/fault_proxy.h"

int main(int argc, char** argv) {
  using nmn::fault::LinkFaults;
  CLI::App app("Stands between actors and a learner and mistreats their connections.", "nmn-fault-proxy");
  app.footer(
      "Example:  nmn-fault-proxy --listen_port=50052 --target_port=50051 --delay_ms=75 --jitter_ms=50 --drop=0.5 &\n"
      "          nmn-actor --learner=127.0.0.1:50052\n"
      "Runs until a signal; then prints what it did.");
  uint16_t listen_port = 0;
  uint16_t target_port = 0;
  uint64_t seed = 1;
  int64_t delay_ms = 0;
  int64_t jitter_ms = 0;
  double trouble_seconds = 0;
  LinkFaults link;
  nmn::fault::Faults faults;
  std::string hold = "none";
  app.add_option("--listen_port", listen_port, "port on 127.0.0.1; 0 takes a free one")->capture_default_str();
  app.add_option("--target_port", target_port, "port of the server on 127.0.0.1")->required();
  app.add_option("--seed", seed, "of all that is drawn")->capture_default_str();
  app.add_option("--delay_ms", delay_ms, "lateness of every block, each way")->check(CLI::NonNegativeNumber);
  app.add_option("--jitter_ms", jitter_ms, "the lateness is off by up to this")->check(CLI::NonNegativeNumber);
  app.add_option("--bytes_per_second", link.bytes_per_second, "of a connection, each way; 0: no limit");
  app.add_option("--corrupt", link.corrupt, "chance that a block has a bit flipped")->check(CLI::Range(0.0, 1.0));
  app.add_option("--corrupt_from", link.corrupt_from, "bytes; smaller blocks are spared")->capture_default_str();
  app.add_option("--drop", faults.drop, "chance that a connection is reset at some point")->check(CLI::Range(0.0, 1.0));
  app.add_option("--drop_within", faults.drop_within, "bytes within which that happens")->capture_default_str();
  app.add_option("--duplicate", faults.duplicate, "chance that the server gets a connection twice")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--hold", hold, "a partition: none, up, down or both")
      ->check(CLI::IsMember({"none", "up", "down", "both"}));
  app.add_option("--trouble_seconds", trouble_seconds, "first play random trouble of that length, from the seed");
  CLI11_PARSE(app, argc, argv);
  link.delay = std::chrono::milliseconds(delay_ms);
  link.jitter = std::chrono::milliseconds(jitter_ms);
  faults.up = faults.down = link;
  faults.up.hold = hold == "up" || hold == "both";
  faults.down.hold = hold == "down" || hold == "both";

  auto proxy = nmn::fault::FaultProxy::Start(listen_port, target_port, seed);
  if (!proxy.ok()) {
    std::cerr << "nmn-fault-proxy: --listen_port: " << proxy.status().message() << "\n";
    return nmn::ExitCodeOf(proxy.status());
  }
  (*proxy)->Set(faults);
  if (trouble_seconds > 0) {
    const std::chrono::milliseconds length(static_cast<int64_t>(trouble_seconds * 1000));
    auto schedule = nmn::fault::RandomSchedule(seed, length, std::chrono::seconds(30));
    schedule.push_back({length, faults});
    (*proxy)->Play(std::move(schedule));
  }
  std::cout << (*proxy)->address() << std::endl;
  std::stop_source stop;
  const nmn::SignalWatcher signals([&stop](int) { stop.request_stop(); }, "nmn-fault-proxy: ended at once");
  nmn::WaitForStop(stop.get_token());
  const nmn::fault::Counters counters = (*proxy)->counters();
  std::cout << counters.accepted << " connections, " << counters.dropped << " dropped, " << counters.duplicated
            << " duplicated, " << counters.corrupted << " blocks corrupted, " << counters.bytes_up << " bytes up, "
            << counters.bytes_down << " bytes down\n";
  return nmn::kExitDone;
}
