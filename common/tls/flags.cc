#include "common/tls/flags.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/flags/groups.h"
#include "common/fs/folders_below.h"

namespace nmn::tls {
absl::StatusOr<Files> Flags::Resolve() const {
  Files resolved = files;
  if (!directory.empty()) {
    if (!files.certificate.empty() || !files.key.empty() || !files.authority.empty()) {
      return absl::InvalidArgumentError(
          "--tls names all three files, and so do --tls_cert, --tls_key and --tls_ca: give the one or the others");
    }
    const std::string folder = directory.ends_with('/') ? directory : directory + "/";
    resolved.certificate = folder + "tls.crt";
    if (access(resolved.certificate.c_str(), F_OK) != 0 && errno == ENOENT) {
      return absl::InvalidArgumentError(absl::StrCat("--tls=", directory,
                                                     ": there is no tls.crt in it; give a folder that nmn certs issue "
                                                     "wrote",
                                                     fs::FoldersBelow(directory, "tls.crt")));
    }
    resolved.key = folder + "tls.key";
    resolved.authority = folder + "ca.crt";
    resolved.of_folder = true;
  }
  const bool any = resolved.given() || !resolved.key.empty() || !resolved.authority.empty();
  for (const auto& [flag, file] : {std::pair("--tls_cert", &resolved.certificate),
                                   std::pair("--tls_key", &resolved.key), std::pair("--tls_ca", &resolved.authority)}) {
    if (!any || !file->empty()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(flag,
                     " is missing; TLS needs --tls_cert, --tls_key and --tls_ca, or --tls=DIR with tls.crt, "
                     "tls.key and ca.crt, which nmn certs issue writes"));
  }
  if (!any && !resolved.revoked.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--tls_revoked=", resolved.revoked, " means nothing without TLS; give --tls=DIR too"));
  }
  if (any && insecure) {
    return absl::InvalidArgumentError(
        "--insecure allows plain text, and with TLS there is none: leave out --insecure, or --tls");
  }
  return resolved;
}

void AddFlags(CLI::App& app, const std::string& insecure_help, bool listens, Flags& flags) {
  CLI::Option* directory = app.add_option(
      "--tls", flags.directory,
      "folder with tls.crt, tls.key and ca.crt, as nmn certs issue writes it: speak TLS alone, and to nobody without a "
      "certificate of ca.crt");
  CLI::Option* certificate =
      app.add_option("--tls_cert", flags.files.certificate, "in place of --tls: the certificate, a PEM file");
  CLI::Option* key = app.add_option("--tls_key", flags.files.key, "in place of --tls: its private key, a PEM file");
  CLI::Option* authority =
      app.add_option("--tls_ca", flags.files.authority, "in place of --tls: whose certificates count, a PEM file");
  directory->type_name("DIR")->group(flags::kOtherMachinesGroup);
  for (CLI::Option* one : {certificate, key, authority}) {
    directory->excludes(one);
    one->type_name("FILE")->group(flags::kOtherMachinesGroup);
  }
  if (listens) {
    app.add_option("--tls_revoked", flags.files.revoked,
                   "file with the serial numbers of certificates that are refused, one a line; read again when it "
                   "changes")
        ->type_name("FILE")
        ->group(flags::kOtherMachinesGroup);
  }
  app.add_flag("--insecure", flags.insecure, insecure_help)->group(flags::kOtherMachinesGroup);
}

absl::StatusOr<std::shared_ptr<Tls>> OpenIfGiven(const Flags& flags, std::optional<Role> role) {
  const absl::StatusOr<Files> files = flags.Resolve();
  if (!files.ok()) return files.status();
  if (!files->given()) return std::shared_ptr<Tls>();
  return Tls::Open({.files = *files, .role = role});
}

}  // namespace nmn::tls
