// nmn certs: one authority for one lab, and certificates that it signs.

#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "cli/certificate_folder.h"
#include "cli/fail.h"
#include "cli/verbs.h"
#include "common/flags/command.h"
#include "common/fs/endless.h"
#include "common/fs/file_system.h"
#include "common/fs/folders_below.h"
#include "common/net/address.h"
#include "common/text/counted.h"
#include "common/text/prefixed.h"
#include "common/text/utf8.h"
#include "common/tls/authority.h"

namespace nmn::cli {
namespace {

struct InitFlags {
  std::string directory;
  int days = 3650;
};

struct IssueFlags {
  std::string directory;
  std::string actor;
  std::string learner;
  std::string operator_name;
  std::string out;
  int days = 365;
};

struct ShowFlags {
  std::string file;
  bool json = false;
};

absl::Status Init(const InitFlags& flags) {
  const absl::StatusOr<tls::Certificate> made = MakeAuthorityIn(flags.directory, flags.days);
  if (!made.ok()) return made.status();
  std::cout << absl::StrFormat(
      "%s/ca.crt  %s, until %s\n%s/ca.key  its key: who has it can make certificates. Let it lie here\n",
      flags.directory, made->subject(), tls::FormatTime(made->not_after()), flags.directory);
  return absl::OkStatus();
}

// The hosts of --learner; each is a name or an address as a client dials it.
absl::StatusOr<std::vector<std::string>> ParseHosts(const std::string& text) {
  std::vector<std::string> hosts = absl::StrSplit(text, ',');
  for (std::string& host : hosts) {
    const bool ipv6 = host.find(':') != std::string::npos;
    const auto address = net::ParseAddress(ipv6 ? "[" + host + "]:0" : host + ":0", "--learner");
    if (!address.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--learner=", text, ": \"", host,
                       "\" is no host; give the names and addresses that actors dial, without ports and with commas "
                       "between them, e.g. --learner=gpu1.lab.example,192.0.2.7"));
    }
    host = address->host;
  }
  return hosts;
}

absl::Status Issue(const IssueFlags& flags) {
  tls::Identity identity;
  std::vector<std::string> hosts;
  const char* flag = "--actor";
  if (int{!flags.learner.empty()} + int{!flags.operator_name.empty()} + int{!flags.actor.empty()} > 1) {
    return absl::InvalidArgumentError(
        "a certificate has one holder; give one of --actor, --learner and --operator, and call again for another");
  }
  if (!flags.learner.empty()) {
    absl::StatusOr<std::vector<std::string>> parsed = ParseHosts(flags.learner);
    if (!parsed.ok()) return parsed.status();
    hosts = *std::move(parsed);
    identity = {tls::Role::kLearner, hosts[0]};
    flag = "--learner";
  } else if (!flags.operator_name.empty()) {
    identity = {tls::Role::kOperator, flags.operator_name};
    flag = "--operator";
  } else if (!flags.actor.empty()) {
    identity = {tls::Role::kActor, flags.actor};
  } else {
    return absl::InvalidArgumentError("whose certificate? Give --actor=ID, --learner=HOST[,HOST] or --operator=NAME");
  }
  if (const auto legal = tls::ParseIdentity(ToString(identity)); !legal.ok())
    return absl::InvalidArgumentError(absl::StrCat(flag, "=", identity.name, ": ", legal.status().message()));
  const absl::StatusOr<IssuedFolder> issued =
      IssueInto(flags.directory, flags.out.empty() ? flags.directory : flags.out, identity, hosts, flags.days);
  if (!issued.ok()) return issued.status();
  std::cout << absl::StrFormat("%s  %s, serial %s, until %s\nuse it with --tls=%s\n", issued->folder,
                               ToString(identity), issued->certificate.serial(),
                               tls::FormatTime(issued->certificate.not_after()), flags::ShellQuoted(issued->folder));
  return absl::OkStatus();
}

// "expired", "not yet valid" or "12 days left".
std::string Validity(const tls::Certificate& certificate, int64_t now) {
  if (now > certificate.not_after()) return "expired";
  if (now < certificate.not_before()) return "not yet valid";
  return text::Counted((certificate.not_after() - now) / tls::kSecondsOfDay, "day") + " left";
}

nlohmann::json ToJson(const tls::Certificate& certificate, int64_t now) {
  const auto identity = tls::FindIdentity(certificate.uris());
  return {{"identity", identity.ok() ? nlohmann::json(ToString(*identity)) : nlohmann::json()},
          {"hosts", certificate.hosts()},
          {"authority", certificate.is_authority()},
          {"serial", certificate.serial()},
          {"subject", text::ValidUtf8(certificate.subject())},
          {"issuer", text::ValidUtf8(certificate.issuer())},
          {"not_before", certificate.not_before()},
          {"not_after", certificate.not_after()},
          {"seconds_left", certificate.not_after() - now}};
}

void Print(const tls::Certificate& certificate, int64_t now) {
  const auto identity = tls::FindIdentity(certificate.uris());
  const std::string who = certificate.is_authority() ? absl::StrCat("authority, ", certificate.subject())
                          : identity.ok()            ? ToString(*identity)
                                                     : absl::StrCat(certificate.subject(), ", without an identity");
  std::cout << text::Printable(
      absl::StrFormat("holder   %s\nhosts    %s\nvalid    %s to %s, %s\nserial   %s\nissuer   %s\n", who,
                      certificate.hosts().empty() ? "-" : absl::StrJoin(certificate.hosts(), ", "),
                      tls::FormatTime(certificate.not_before()), tls::FormatTime(certificate.not_after()),
                      Validity(certificate, now), certificate.serial(), certificate.issuer()));
}

// The key beside a folder's tls.crt belongs to it, as far as one may read it.
absl::Status CheckKeyBeside(const std::string& file, const tls::Certificate& certificate) {
  const std::filesystem::path path(file), key_file = path.parent_path() / "tls.key";
  std::error_code error;
  if (path.filename() != "tls.crt" || !std::filesystem::is_regular_file(key_file, error)) return absl::OkStatus();
  const absl::StatusOr<std::string> text = fs::RealFileSystem().Read(key_file);
  if (!text.ok()) return absl::OkStatus();
  const auto key = tls::PrivateKey::Parse(*text);
  if (!key.ok()) return text::Prefixed(key_file.string(), key.status());
  return text::Prefixed(key_file.string(), key->CheckBelongsTo(certificate, file));
}

absl::Status Show(const ShowFlags& flags) {
  std::string file = flags.file;
  struct stat info {};
  if (::stat(file.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
    // A folder of nmn certs issue, or the authority's own.
    const bool is_authority =
        access((file + "/tls.crt").c_str(), F_OK) != 0 && access((file + "/ca.crt").c_str(), F_OK) == 0;
    file += is_authority ? "/ca.crt" : "/tls.crt";
  }
  if (absl::Status status = fs::RefuseEndless(file, "a certificate"); !status.ok()) return status;
  const absl::StatusOr<std::string> text = fs::RealFileSystem().Read(file);
  if (!text.ok()) {
    return absl::Status(text.status().code(),
                        absl::StrCat(text.status().message(), fs::FoldersBelow(flags.file, "tls.crt")));
  }
  const auto certificates = tls::Certificate::ParseAll(*text);
  if (!certificates.ok()) return text::Prefixed(file, certificates.status());
  const int64_t now = tls::UnixNow();
  nlohmann::json all = nlohmann::json::array();
  for (const tls::Certificate& certificate : *certificates) {
    if (flags.json) {
      all.push_back(ToJson(certificate, now));
    } else {
      if (&certificate != &certificates->front()) std::cout << "\n";
      Print(certificate, now);
    }
  }
  if (flags.json) std::cout << all.dump() << "\n";
  return CheckKeyBeside(file, certificates->front());
}

void AddInit(CLI::App& certs, int& exit_code) {
  CLI::App* verb = certs.add_subcommand("init", "Make the authority of one lab: DIR/ca.crt and DIR/ca.key");
  auto flags = std::make_shared<InitFlags>();
  verb->add_option("DIR", flags->directory, "Its directory; it is made where there is none")->required();
  verb->add_option("--days", flags->days, "How long it counts")->check(CLI::Range(1, 36500))->capture_default_str();
  verb->callback([flags, &exit_code] {
    const absl::Status status = Init(*flags);
    exit_code = status.ok() ? kExitDone : Fail("certs init", status);
  });
}

void AddIssue(CLI::App& certs, int& exit_code) {
  CLI::App* verb = certs.add_subcommand(
      "issue", "Make a key and a certificate for it: a folder that --tls takes, with tls.crt, tls.key and ca.crt");
  auto flags = std::make_shared<IssueFlags>();
  verb->add_option("DIR", flags->directory, "The directory of nmn certs init")->required();
  CLI::Option* actor = verb->add_option("--actor", flags->actor,
                                        "An actor's: its id. fleet-* is for all actors whose id begins with fleet-")
                           ->type_name("ID");
  CLI::Option* learner = verb->add_option("--learner", flags->learner,
                                          "A learner's: HOST or HOST,HOST, the names and addresses that are dialled")
                             ->type_name("HOSTS");
  CLI::Option* operator_name =
      verb->add_option("--operator", flags->operator_name, "Of a person who asks nmn status: a name")
          ->type_name("NAME");
  actor->excludes(learner);
  actor->excludes(operator_name);
  learner->excludes(operator_name);
  verb->add_option("--days", flags->days, "How long it counts, from now")
      ->check(CLI::Range(1, 36500))
      ->capture_default_str();
  verb->add_option("--out", flags->out, "Where the folder goes (default: DIR)")->type_name("DIR");
  verb->footer(
      "A folder that is there gets a new key and certificate; whoever uses it takes them up within a minute.\n"
      "DIR/issued.txt lists what was issued, with the serial numbers that --tls_revoked takes.");
  verb->callback([flags, &exit_code] {
    const absl::Status status = Issue(*flags);
    exit_code = status.ok() ? kExitDone : Fail("certs issue", status);
  });
}

void AddShow(CLI::App& certs, int& exit_code) {
  CLI::App* verb = certs.add_subcommand("show", "Print whose a certificate is, how long it counts and who signed it");
  auto flags = std::make_shared<ShowFlags>();
  verb->add_option("FILE", flags->file, "A PEM file, or a folder of nmn certs init or issue")->required();
  verb->add_flag("--json", flags->json, "One JSON array on one line");
  verb->callback([flags, &exit_code] {
    const absl::Status status = Show(*flags);
    exit_code = status.ok() ? kExitDone : Fail("certs show", status);
  });
}

}  // namespace

void AddCerts(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("certs", "Certificates for learners, actors and operators on several machines");
  verb->require_subcommand(1);
  verb->footer(
      "Example:  nmn certs init certs\n"
      "          nmn certs issue certs --learner=gpu1.lab.example\n"
      "          nmn certs issue certs --actor='fleet-*'\n"
      "          nmn certs show certs/learner-gpu1.lab.example\n"
      "docs/security.md says who may do what with them.");
  AddInit(*verb, exit_code);
  AddIssue(*verb, exit_code);
  AddShow(*verb, exit_code);
}

}  // namespace nmn::cli
