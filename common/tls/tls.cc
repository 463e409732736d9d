#include "common/tls/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

namespace nmn::tls {
namespace {

constexpr auto kSaidAgainAfter = std::chrono::seconds(10);
// Files that cannot be used are read again although they did not change: a certificate may become valid.
constexpr auto kBrokenReadAgainAfter = std::chrono::seconds(10);
constexpr int64_t kNearTheEnd = 7 * kSecondsOfDay;  // as the alert
constexpr auto kRemindedAgainAfter = std::chrono::hours(24);

// Changes when a file does, or another takes its name; links are followed, as those of a mounted Secret.
std::string LooksLike(const Files& files) {
  std::string looks;
  for (const std::string* file : {&files.certificate, &files.key, &files.authority, &files.revoked}) {
    struct stat info {};
    if (file->empty() || ::stat(file->c_str(), &info) != 0) {
      absl::StrAppend(&looks, "-;");
      continue;
    }
    absl::StrAppend(&looks, info.st_dev, " ", info.st_ino, " ", info.st_size, " ", info.st_mtim.tv_sec, " ",
                    info.st_mtim.tv_nsec, ";");
  }
  return looks;
}

// gRPC takes the ciphers of TLS 1.2 from this variable; where it cannot, no handshake works and no line says why.
absl::Status CheckCipherSuites() {
  const char* value = std::getenv("GRPC_SSL_CIPHER_SUITES");
  if (value == nullptr) return absl::OkStatus();
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_method()), SSL_CTX_free);
  if (context == nullptr || SSL_CTX_set_cipher_list(context.get(), value) == 1) return absl::OkStatus();
  ERR_clear_error();
  return absl::InvalidArgumentError(
      absl::StrCat("GRPC_SSL_CIPHER_SUITES is \"", value,
                   "\", in which OpenSSL knows no cipher; unset it, or give names that openssl ciphers lists"));
}

}  // namespace

absl::StatusOr<std::shared_ptr<Tls>> Tls::Open(const Options& options) {
  if (const absl::Status status = CheckCipherSuites(); !status.ok()) return status;
  const std::string looks = LooksLike(options.files);
  absl::StatusOr<std::shared_ptr<const Material>> material = LoadMaterial(options.files, UnixNow(), options.role);
  if (!material.ok()) return material.status();
  absl::StatusOr<MemoryFile> identity = MemoryFile::Create((*material)->key_and_chain);
  if (!identity.ok()) return identity.status();
  absl::StatusOr<MemoryFile> authorities = MemoryFile::Create((*material)->authorities);
  if (!authorities.ok()) return authorities.status();
  std::shared_ptr<Tls> tls(new Tls(options, *std::move(material), *std::move(identity), *std::move(authorities)));
  tls->loaded_ = tls->seen_ = looks;
  tls->thread_ = std::thread([self = tls.get()] { self->Watch(); });
  return tls;
}

Tls::Tls(const Options& options, std::shared_ptr<const Material> material, MemoryFile identity, MemoryFile authorities)
    : options_(options),
      identity_file_(std::move(identity)),
      authorities_file_(std::move(authorities)),
      read_at_(Clock::now()),
      material_(std::move(material)) {
  state_.certificate_ends = material_->certificate.not_after();
}

Tls::~Tls() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<const Material> Tls::material() const {
  MutexLock lock(mutex_);
  return material_;
}

Tls::State Tls::state() const {
  MutexLock lock(mutex_);
  return state_;
}

void Tls::Refuse(Refusal reason, const std::string& sentence) {
  const auto index = static_cast<size_t>(reason);
  uint64_t unsaid = 0;
  {
    MutexLock lock(mutex_);
    ++state_.refused[index];
    last_refusal_ = sentence;
    Said& said = said_[index];
    const Clock::time_point now = Clock::now();
    if (said.at && now < *said.at + kSaidAgainAfter) {
      ++said.unsaid;
      return;
    }
    said.at = now;
    unsaid = std::exchange(said.unsaid, 0);
  }
  spdlog::warn("refused: {}{}", sentence,
               unsaid == 0 ? "" : absl::StrCat("; ", unsaid, " more for this reason since the last line"));
}

std::string Tls::TakeRefusal() {
  MutexLock lock(mutex_);
  return std::exchange(last_refusal_, "");
}

void Tls::Watch() {
  while (true) {
    {
      MutexLock lock(mutex_);
      const Clock::time_point next = Clock::now() + options_.look_every;
      while (!stopping_ && changed_.WaitUntil(mutex_, next)) {
      }
      if (stopping_) return;
    }
    Look();
    Remind();
  }
}

// Three files change one after another. They are read once they have looked the same twice.
void Tls::Look() {
  const std::string looks = LooksLike(options_.files);
  const bool settled = looks == std::exchange(seen_, looks);
  const bool again = state().broken && Clock::now() >= read_at_ + kBrokenReadAgainAfter;
  if (!settled || (looks == loaded_ && !again)) return;
  loaded_ = looks;
  read_at_ = Clock::now();
  Reload();
}

void Tls::Reload() {
  const absl::StatusOr<std::shared_ptr<const Material>> read = LoadMaterial(options_.files, UnixNow(), options_.role);
  absl::Status status = read.status();
  const std::shared_ptr<const Material> old = material();
  const bool other = status.ok() && (*read)->fingerprint != old->fingerprint;
  if (other) status = authorities_file_.Replace((*read)->authorities);
  if (other && status.ok()) status = identity_file_.Replace((*read)->key_and_chain);
  bool was_broken = false;
  {
    MutexLock lock(mutex_);
    was_broken = std::exchange(state_.broken, !status.ok());
    if (status.ok() && other) {
      material_ = *read;
      state_.certificate_ends = material_->certificate.not_after();
      ++state_.reloads;
    }
  }
  if (!status.ok()) {
    // Once for each state of the files, not each time that they are read again.
    spdlog::log(was_broken ? spdlog::level::debug : spdlog::level::err,
                "{}; the files as they were before stay in force: the certificate, which ends on {}{}",
                std::string(status.message()), FormatTime(old->certificate.not_after()),
                options_.files.revoked.empty() ? "" : ", and who was revoked by then");
  } else if (other) {
    reminded_.reset();
    if ((*read)->key_and_chain != old->key_and_chain || (*read)->authorities != old->authorities) {
      spdlog::info("took up the certificate of {}, which ends on {}", (*read)->certificate.Describe(),
                   FormatTime((*read)->certificate.not_after()));
    } else {
      spdlog::info("took up what {} says: whose certificates are refused", options_.files.revoked);
    }
  }
}

void Tls::Remind() {
  const Clock::time_point now = Clock::now();
  const std::shared_ptr<const Material> current = material();
  const int64_t left = current->certificate.not_after() - UnixNow();
  if (left >= kNearTheEnd || (reminded_ && now < *reminded_ + kRemindedAgainAfter)) return;
  reminded_ = now;
  spdlog::warn("the certificate of {} {} on {}; put a new one in its place, it is taken up without a restart",
               current->certificate.Describe(), left < 0 ? "ended" : "ends",
               FormatTime(current->certificate.not_after()));
}

}  // namespace nmn::tls
