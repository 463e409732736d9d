// The numbers of cli/reproduce/learning.h as JSON, text and CSV.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/report/comparison.h"
#include "cli/report/output.h"
#include "cli/reproduce/learning.h"

namespace nmn::reproduce {
namespace {

using nlohmann::ordered_json;

ordered_json Json(const Estimated& figure) {
  return {{"value", figure.value}, {"low", figure.interval.low}, {"high", figure.interval.high}};
}

std::string Text(const Estimated& figure, int digits) {
  return absl::StrFormat("%.*f [%.*f, %.*f]", digits, figure.value, digits, figure.interval.low, digits,
                         figure.interval.high);
}

std::vector<double> FinalReturns(const Method& method) {
  std::vector<double> returns;
  for (const Score& score : method.scores) returns.push_back(score.final_return);
  return returns;
}

const Method* Find(const Panel& panel, const std::string& architecture) {
  for (const Method& method : panel.methods) {
    if (method.architecture == architecture) return &method;
  }
  return nullptr;
}

// The paper's three claims on one panel.
struct Claims {
  Estimated higher, faster;           // how likely a run of the NMN beats one of the RNN
  std::optional<Estimated> steadier;  // its deviation over the RNN's
};
std::optional<Claims> ClaimsOf(const Panel& panel) {
  const Method *nmn = Find(panel, "NMN"), *rnn = Find(panel, "RNN");
  if (nmn == nullptr || rnn == nullptr) return std::nullopt;
  return Claims{Improvement(nmn->scores, rnn->scores, &Score::final_return),
                Improvement(nmn->scores, rnn->scores, &Score::area),
                DeviationRatio(nmn->scores, rnn->scores, &Score::final_return)};
}

// Scores of one architecture on all panels, as shares of what a policy that knows the task gets. Nothing where a panel
// lacks it, or where there is one panel.
std::optional<report::Scores> Shares(const Learning& learning, const std::string& architecture, double Score::*of) {
  report::Scores shares;
  for (const Panel& panel : learning.panels) {
    const Method* method = Find(panel, architecture);
    if (method == nullptr || panel.oracle == 0) return std::nullopt;
    std::vector<double>& task = shares.emplace_back();
    for (const Score& score : method->scores) task.push_back(score.*of / panel.oracle);
  }
  if (shares.size() < 2) return std::nullopt;
  return shares;
}

Estimated ImprovementOverTasks(const report::Scores& x, const report::Scores& y) {
  report::Scores strata = x;
  strata.insert(strata.end(), y.begin(), y.end());
  const auto probability = [tasks = static_cast<std::ptrdiff_t>(x.size())](const report::Scores& both) {
    return report::ProbabilityOfImprovement({both.begin(), both.begin() + tasks}, {both.begin() + tasks, both.end()});
  };
  return {probability(strata), report::StratifiedInterval(strata, probability)};
}

// Over all panels: of each architecture the interquartile mean, then how likely the NMN is better.
struct Overall {
  std::vector<std::pair<std::string, Estimated>> share;
  std::optional<Estimated> improvement;
};
Overall OverallOf(const Learning& learning, double Score::*of) {
  Overall overall;
  std::vector<report::Scores> all;
  for (const char* architecture : {"NMN", "RNN"}) {
    const std::optional<report::Scores> shares = Shares(learning, architecture, of);
    if (!shares) continue;
    overall.share.emplace_back(architecture,
                               Estimated{report::InterquartileMeanOf(*shares),
                                         report::StratifiedInterval(*shares, report::InterquartileMeanOf)});
    all.push_back(*shares);
  }
  if (all.size() == 2) overall.improvement = ImprovementOverTasks(all[0], all[1]);
  return overall;
}

constexpr std::pair<const char*, double Score::*> kQuantities[] = {{"final_return", &Score::final_return},
                                                                   {"area", &Score::area}};

// What a row of a CSV begins with: which panel it is of.
std::string PanelColumns(const Learning& learning) {
  std::string columns = "benchmark";
  for (const auto& [field, value] : learning.panels[0].values) absl::StrAppend(&columns, ",", field);
  return columns;
}
std::string PanelCells(const Panel& panel) {
  std::string cells = panel.benchmark;
  for (const auto& [field, value] : panel.values) absl::StrAppend(&cells, ",", report::PlainCsvCell(value));
  return cells;
}

std::string CurvesCsv(const Learning& learning) {
  std::string csv = absl::StrCat(PanelColumns(learning), ",arch,runs,episodes,return_mean,return_std\n");
  for (const Panel& panel : learning.panels) {
    const std::string beginning = PanelCells(panel);
    for (const Method& method : panel.methods) {
      for (const report::CurvePoint& point : method.curve) {
        absl::StrAppendFormat(&csv, "%s,%s,%d,%d,%.6g,%.6g\n", beginning, method.architecture, point.runs,
                              point.episodes, point.returns.mean, point.returns.deviation);
      }
    }
  }
  return csv;
}

std::string ScoresCsv(const Learning& learning) {
  std::string csv = absl::StrCat(PanelColumns(learning), ",arch,seed,episodes,final_return,area\n");
  for (const Panel& panel : learning.panels) {
    const std::string beginning = PanelCells(panel);
    for (const Method& method : panel.methods) {
      for (const Score& score : method.scores) {
        absl::StrAppendFormat(&csv, "%s,%s,%d,%d,%.9g,%.9g\n", beginning, method.architecture, score.seed,
                              score.episodes, score.final_return, score.area);
      }
    }
  }
  return csv;
}

}  // namespace

std::string ToJson(const Learning& learning) {
  ordered_json object;
  object["panels"] = ordered_json::array();
  for (const Panel& panel : learning.panels) {
    ordered_json json = {{"benchmark", panel.benchmark}, {"values", ordered_json::object()}, {"steps", panel.steps}};
    for (const auto& [field, value] : panel.values) json["values"][field] = value;
    json["methods"] = ordered_json::array();
    for (const Method& method : panel.methods) {
      const std::vector<double> returns = FinalReturns(method);
      json["methods"].push_back({{"arch", method.architecture},
                                 {"runs", method.scores.size()},
                                 {"mean", report::Mean(returns)},
                                 {"std", report::Deviation(returns)},
                                 {"iqm", Json(InterquartileMean(method.scores, &Score::final_return))},
                                 {"worst", *std::min_element(returns.begin(), returns.end())},
                                 {"area_iqm", Json(InterquartileMean(method.scores, &Score::area))}});
    }
    json["nmn_against_rnn"] = nullptr;
    if (const std::optional<Claims> claims = ClaimsOf(panel)) {
      json["nmn_against_rnn"] = {{"final_improvement", Json(claims->higher)},
                                 {"area_improvement", Json(claims->faster)},
                                 {"std_ratio", claims->steadier ? Json(*claims->steadier) : ordered_json(nullptr)}};
    }
    object["panels"].push_back(std::move(json));
  }
  object["notices"] = learning.notices;
  object["all_panels"] = ordered_json::object();
  for (const auto& [name, of] : kQuantities) {
    const Overall overall = OverallOf(learning, of);
    ordered_json json = ordered_json::object();
    for (const auto& [architecture, share] : overall.share) json[architecture] = Json(share);
    json["improvement"] = overall.improvement ? Json(*overall.improvement) : ordered_json(nullptr);
    object["all_panels"][name] = std::move(json);
  }
  return object.dump();
}

std::string ToTable(const Learning& learning) {
  std::string table =
      "sum of rewards of a training episode; IQM: interquartile mean over seeds, with its 95 % bootstrap interval\n";
  for (const Panel& panel : learning.panels) {
    absl::StrAppendFormat(&table, "\n%s: %s, %d steps\n%-5s %4s %24s %34s %12s %34s\n", panel.benchmark, panel.title,
                          panel.steps, "", "runs", "last 1000: mean +- std", "IQM", "worst seed",
                          "IQM of all episodes");
    for (const Method& method : panel.methods) {
      const std::vector<double> returns = FinalReturns(method);
      absl::StrAppendFormat(&table, "%-5s %4d %13.2f +- %7.2f %34s %12.2f %34s\n", method.architecture,
                            method.scores.size(), report::Mean(returns), report::Deviation(returns),
                            Text(InterquartileMean(method.scores, &Score::final_return), 1),
                            *std::min_element(returns.begin(), returns.end()),
                            Text(InterquartileMean(method.scores, &Score::area), 1));
    }
    const std::optional<Claims> claims = ClaimsOf(panel);
    if (!claims) continue;
    absl::StrAppendFormat(&table, "P(a run of the NMN beats one of the RNN): at the end %s, over all episodes %s\n",
                          Text(claims->higher, 2), Text(claims->faster, 2));
    if (claims->steadier) absl::StrAppendFormat(&table, "std over seeds, NMN / RNN: %s\n", Text(*claims->steadier, 2));
  }
  for (const auto& [name, of] : kQuantities) {
    const Overall overall = OverallOf(learning, of);
    for (const auto& [architecture, share] : overall.share) {
      absl::StrAppendFormat(&table, "%s%s, all panels, %s as a share of a policy that knows the task: IQM %s\n",
                            architecture == "NMN" ? "\n" : "", architecture, name, Text(share, 3));
    }
    if (overall.improvement)
      absl::StrAppendFormat(&table, "P(a run of the NMN beats one of the RNN), all panels, %s: %s\n", name,
                            Text(*overall.improvement, 2));
  }
  return table;
}

absl::Status WriteLearning(const Learning& learning, const std::string& out, const std::string& name) {
  const std::string base = absl::StrCat(out, "/", name);
  for (const auto& [file, text] : {std::pair{base + ".csv", CurvesCsv(learning)},
                                   {base + "_scores.csv", ScoresCsv(learning)},
                                   {base + ".json", ToJson(learning) + "\n"}}) {
    if (absl::Status status = report::WriteText(file, text); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace nmn::reproduce
