#include "cli/certificate_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/fs/directory_lock.h"
#include "common/fs/errors.h"
#include "common/fs/file_system.h"
#include "common/text/prefixed.h"
#include "common/tls/authority.h"

namespace nmn::cli {
namespace {

constexpr int64_t kClocksDiffer = 3600;
constexpr mode_t kOwnerAlone = 0600;
constexpr absl::Duration kLongestWait = absl::Seconds(10);
constexpr absl::Duration kPause = absl::Milliseconds(20);
constexpr const char* kPutBack = "put ca.crt back; each folder that was issued has a copy of it";

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

// Alone in the directory of an authority. Another call is done within moments, so it is waited for.
absl::StatusOr<std::unique_ptr<fs::DirectoryLock>> Lock(const std::string& directory) {
  for (absl::Duration waited;; waited += kPause) {
    absl::StatusOr<std::unique_ptr<fs::DirectoryLock>> lock = fs::DirectoryLock::Acquire(directory, "nmn certs");
    if (!absl::IsFailedPrecondition(lock.status())) return lock;
    if (waited >= kLongestWait) {
      return absl::UnavailableError(
          absl::StrCat(std::string(lock.status().message()), "; call again when it has ended"));
    }
    absl::SleepFor(kPause);
  }
}

absl::Status RefuseWhereOneIs(const std::string& directory) {
  fs::FileSystem& disk = fs::RealFileSystem();
  const absl::StatusOr<bool> certificate = disk.Exists(directory + "/ca.crt");
  if (!certificate.ok()) return certificate.status();
  const absl::StatusOr<bool> key = disk.Exists(directory + "/ca.key");
  if (!key.ok()) return key.status();
  if (!*certificate && !*key) return absl::OkStatus();
  if (!*certificate) {
    return absl::AlreadyExistsError(
        absl::StrCat(directory, " has the key of an authority already (ca.key, without ca.crt); ", kPutBack,
                     ", or take another directory. Remove ca.key only if nothing was issued with it"));
  }
  return absl::AlreadyExistsError(
      absl::StrCat(directory, " has an authority already (", *key ? "ca.crt and ca.key" : "ca.crt, without ca.key",
                   "); ", *key ? "issue certificates with nmn certs issue " + directory : "put ca.key back",
                   ", or take another directory. With a new authority every certificate of the old one is void"));
}

// Names that differ in a "*" alone share a folder.
absl::Status RefuseAnothersFolder(const std::string& folder, const tls::Identity& identity) {
  const absl::StatusOr<std::string> text = fs::RealFileSystem().Read(folder + "/tls.crt");
  if (absl::IsNotFound(text.status())) return absl::OkStatus();
  if (!text.ok()) return text.status();
  const auto there = tls::Certificate::ParseAll(*text);
  if (!there.ok()) return absl::OkStatus();  // nobody's: it is replaced
  const std::vector<std::string> uris = there->front().uris();
  if (uris.empty() || std::find(uris.begin(), uris.end(), ToString(identity)) != uris.end()) return absl::OkStatus();
  return absl::AlreadyExistsError(absl::StrCat(folder, " has the certificate of ", uris.front(), ", and that of ",
                                               ToString(identity),
                                               " would take its place; give another --out, or remove the folder"));
}

// Key and certificate lie beside the old ones, whole, before the first is renamed. The folder stays the same one, which
// a container may have mounted. Whoever reads it between the two renames waits until they belong together; if a kill
// comes there, the next call makes both anew.
absl::Status Publish(const std::string& folder, const tls::KeyPair& made, const std::string& authority) {
  fs::FileSystem& disk = fs::RealFileSystem();
  const std::string key_file = folder + "/tls.key";
  if (absl::Status status = disk.CreateDirectories(folder); !status.ok()) return status;
  if (absl::Status status = fs::RemoveTemporaries(disk, folder); !status.ok()) return status;
  if (absl::Status status = fs::WriteAtomically(disk, folder + "/ca.crt", authority); !status.ok()) return status;
  absl::StatusOr<fs::WholeFile> certificate = fs::WholeFile::Begin(disk, folder + "/tls.crt");
  if (!certificate.ok()) return certificate.status();
  if (absl::Status status = certificate->Write(made.certificate.pem()); !status.ok()) return status;
  if (absl::Status status = WritePrivately(key_file, made.key.pem()); !status.ok()) return status;
  return certificate->Commit();
}

// A name that no other authority has, not even of this machine: certificates say by name who signed them.
std::string AuthorityName() {
  char host[65] = "this machine";
  gethostname(host, sizeof(host) - 1);
  return absl::StrFormat("nmn authority of %s %06x", std::string(host).substr(0, 40), std::random_device()() >> 8);
}

absl::StatusOr<tls::KeyPair> ReadAuthority(const std::string& directory) {
  fs::FileSystem& disk = fs::RealFileSystem();
  const std::string file = directory + "/ca.crt", key_file = directory + "/ca.key";
  const absl::StatusOr<std::string> text = disk.Read(file);
  if (absl::IsNotFound(text.status())) {
    const absl::StatusOr<bool> key_there = disk.Exists(key_file);
    if (key_there.ok() && *key_there)
      return absl::NotFoundError(absl::StrCat(directory, " has ca.key but no ca.crt; ", kPutBack));
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
  if (absl::Status status = RefuseWhereOneIs(directory); !status.ok()) return status;
  const int64_t now = tls::UnixNow();
  const absl::StatusOr<tls::KeyPair> made =
      tls::MakeAuthority(AuthorityName(), now - kClocksDiffer, now + days * tls::kSecondsOfDay);
  if (!made.ok()) return made.status();
  if (absl::Status status = disk.CreateDirectories(directory); !status.ok()) return status;
  const auto lock = Lock(directory);
  if (!lock.ok()) return lock.status();
  if (absl::Status status = RefuseWhereOneIs(directory); !status.ok()) return status;
  // The key alone would stand in the way of the next call.
  const std::string key_file = directory + "/ca.key";
  absl::StatusOr<fs::WholeFile> certificate = fs::WholeFile::Begin(disk, directory + "/ca.crt");
  if (!certificate.ok()) return certificate.status();
  if (absl::Status status = certificate->Write(made->certificate.pem()); !status.ok()) return status;
  if (absl::Status status = WritePrivately(key_file, made->key.pem()); !status.ok()) return status;
  if (absl::Status status = certificate->Commit(); !status.ok()) {
    disk.RemoveAll(key_file).IgnoreError();
    return status;
  }
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
    const int64_t most = (end - now) / tls::kSecondsOfDay;
    return absl::InvalidArgumentError(absl::StrCat(
        "--days=", days, ": the authority in ", directory, " ends before, on ", tls::FormatTime(end), "; ",
        most >= 1 ? absl::StrCat("give --days=", most, " or less") : "make another one with nmn certs init"));
  }
  const absl::StatusOr<tls::KeyPair> made = tls::Issue(*authority, request);
  if (!made.ok()) return made.status();
  const std::string folder = absl::StrCat(out, "/", FolderName(identity));
  const auto lock = Lock(directory);
  if (!lock.ok()) return lock.status();
  if (absl::Status status = RefuseAnothersFolder(folder, identity); !status.ok()) return status;
  const std::string list = directory + "/issued.txt";
  const absl::StatusOr<std::string> listed = disk.Read(list);
  if (!listed.ok() && !absl::IsNotFound(listed.status())) return listed.status();
  const bool cut = listed.ok() && !listed->empty() && !absl::EndsWith(*listed, "\n");
  // What cannot be made is not listed.
  if (absl::Status status = disk.CreateDirectories(folder); !status.ok()) return status;
  // First, so that what was ever issued can be revoked.
  if (absl::Status status = disk.Append(
          list, absl::StrCat(cut ? "\n" : "", tls::FormatTime(now), "  ", made->certificate.serial(), "  ",
                             ToString(identity), "  until ", tls::FormatTime(made->certificate.not_after()), "\n"));
      !status.ok()) {
    return status;
  }
  if (absl::Status status = Publish(folder, *made, authority->certificate.pem()); !status.ok()) return status;
  return IssuedFolder{folder, made->certificate};
}

}  // namespace nmn::cli
