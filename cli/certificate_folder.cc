#include "cli/certificate_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/fs/errors.h"
#include "common/fs/file_system.h"
#include "common/text/prefixed.h"
#include "common/tls/authority.h"

namespace nmn::cli {
namespace {

constexpr int64_t kClocksDiffer = 3600;
constexpr mode_t kOwnerAlone = 0600;

// While it lives, files of this process are made for their owner alone.
class PrivateFiles {
 public:
  PrivateFiles() : before_(::umask(0077)) {}
  ~PrivateFiles() { ::umask(before_); }

 private:
  const mode_t before_;
};

absl::Status WritePrivately(const std::string& path, const std::string& content) {
  // A new file has the bits of the one that it replaces.
  if (::chmod(path.c_str(), kOwnerAlone) != 0 && errno != ENOENT)
    return fs::SystemError("set the permissions of", path, errno);
  const PrivateFiles guard;
  return fs::WriteAtomically(fs::RealFileSystem(), path, content);
}

// A name that no other authority has: certificates say by name who signed them.
std::string AuthorityName() {
  char host[65] = "this machine";
  gethostname(host, sizeof(host) - 1);
  return absl::StrCat("nmn authority of ", std::string(host).substr(0, 40));
}

absl::StatusOr<tls::KeyPair> ReadAuthority(const std::string& directory) {
  fs::FileSystem& disk = fs::RealFileSystem();
  const std::string file = directory + "/ca.crt", key_file = directory + "/ca.key";
  const absl::StatusOr<std::string> text = disk.Read(file);
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(
        absl::StrCat(directory, " has no authority (ca.crt); make one with nmn certs init ", directory));
  }
  if (!text.ok()) return text.status();
  const absl::StatusOr<std::string> key_text = disk.Read(key_file);
  if (!key_text.ok()) return key_text.status();
  const auto certificates = tls::Certificate::ParseAll(*text);
  if (!certificates.ok()) return text::Prefixed(file, certificates.status());
  const auto key = tls::PrivateKey::Parse(*key_text);
  if (!key.ok()) return text::Prefixed(key_file, key.status());
  if (!certificates->front().is_authority() || !key->BelongsTo(certificates->front())) {
    return absl::InvalidArgumentError(
        absl::StrCat(key_file, ": it is not the key of an authority in ", file, "; put both back as they were"));
  }
  return tls::KeyPair{certificates->front(), *key};
}

std::string FolderName(const tls::Identity& identity) {
  return absl::StrCat(std::string(ToString(identity.role)), "-",
                      identity.prefix().empty() ? identity.name : std::string(identity.prefix()));
}

}  // namespace

absl::StatusOr<tls::Certificate> MakeAuthorityIn(const std::string& directory, int days) {
  fs::FileSystem& disk = fs::RealFileSystem();
  const std::string file = directory + "/ca.crt";
  const absl::StatusOr<bool> there = disk.Exists(file);
  if (!there.ok()) return there.status();
  if (*there) {
    return absl::AlreadyExistsError(
        absl::StrCat(directory, " has an authority already; issue certificates with nmn certs issue ", directory,
                     ", or take another directory. With a new authority every certificate of the old one is void"));
  }
  const int64_t now = tls::UnixNow();
  const absl::StatusOr<tls::KeyPair> made =
      tls::MakeAuthority(AuthorityName(), now - kClocksDiffer, now + days * tls::kSecondsOfDay);
  if (!made.ok()) return made.status();
  if (absl::Status status = disk.CreateDirectories(directory); !status.ok()) return status;
  if (absl::Status status = WritePrivately(directory + "/ca.key", made->key.pem()); !status.ok()) return status;
  if (absl::Status status = fs::WriteAtomically(disk, file, made->certificate.pem()); !status.ok()) return status;
  return made->certificate;
}

absl::StatusOr<IssuedFolder> IssueInto(const std::string& directory, const std::string& out,
                                       const tls::Identity& identity, const std::vector<std::string>& hosts, int days) {
  fs::FileSystem& disk = fs::RealFileSystem();
  const absl::StatusOr<tls::KeyPair> authority = ReadAuthority(directory);
  if (!authority.ok()) return authority.status();
  const int64_t now = tls::UnixNow();
  const tls::CertificateRequest request = tls::RequestFor(identity, hosts, now, days);
  if (const int64_t end = authority->certificate.not_after(); request.not_after > end) {
    return absl::InvalidArgumentError(
        absl::StrCat("--days=", days, ": the authority in ", directory, " ends before, on ", tls::FormatTime(end),
                     "; give --days=", std::max<int64_t>((end - now) / tls::kSecondsOfDay, 0), " or less"));
  }
  const absl::StatusOr<tls::KeyPair> made = tls::Issue(*authority, request);
  if (!made.ok()) return made.status();
  const std::string folder = absl::StrCat(out, "/", FolderName(identity));
  if (absl::Status status = disk.CreateDirectories(folder); !status.ok()) return status;
  // First, so that what was ever issued can be revoked.
  if (absl::Status status =
          disk.Append(directory + "/issued.txt",
                      absl::StrCat(tls::FormatTime(now), "  ", made->certificate.serial(), "  ", ToString(identity),
                                   "  until ", tls::FormatTime(made->certificate.not_after()), "\n"));
      !status.ok()) {
    return status;
  }
  // Whoever reads the folder meanwhile waits until key and certificate belong together.
  if (absl::Status status = fs::WriteAtomically(disk, folder + "/ca.crt", authority->certificate.pem()); !status.ok())
    return status;
  if (absl::Status status = WritePrivately(folder + "/tls.key", made->key.pem()); !status.ok()) return status;
  if (absl::Status status = fs::WriteAtomically(disk, folder + "/tls.crt", made->certificate.pem()); !status.ok())
    return status;
  return IssuedFolder{folder, made->certificate};
}

}  // namespace nmn::cli
