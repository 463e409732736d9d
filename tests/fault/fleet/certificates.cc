#include "tests/fault/fleet/certificates.h"

#include <cstdlib>
#include <map>
#include <string_view>

#include "tests/support/lab.h"

namespace nmn::fault {
namespace {

testing::Lab& TheLab() {
  static testing::Lab lab;
  return lab;
}

// Folders by identity, each made once.
std::string Folder(const std::string& uri) {
  static std::map<std::string, std::string> made;
  std::string& folder = made[uri];
  if (folder.empty()) folder = TheLab().Write(std::to_string(made.size()), TheLab().Issue(uri));
  return folder;
}

std::shared_ptr<grpc::ChannelCredentials> Credentials(const std::string& uri) {
  const std::string folder = Folder(uri);
  const auto file = [&](const char* name) { return testing::ReadFile(folder + "/" + name); };
  return grpc::SslCredentials({file("ca.crt"), file("tls.key"), file("tls.crt")});
}

}  // namespace

bool OverTls() {
  const char* tls = std::getenv("NMN_FAULT_TLS");
  return tls != nullptr && std::string_view(tls) == "1";
}

std::vector<std::string> LearnerTlsFlags() {
  if (!OverTls()) return {};
  return {"--tls=" + Folder("nmn://learner/localhost")};
}

std::vector<std::string> ActorTlsFlags(const std::string& id) {
  if (!OverTls()) return {};
  return {"--tls=" + Folder("nmn://actor/" + id)};
}

std::shared_ptr<grpc::ChannelCredentials> ActorCredentials(const std::string& id) {
  return OverTls() ? Credentials("nmn://actor/" + id) : grpc::InsecureChannelCredentials();
}

std::shared_ptr<grpc::ChannelCredentials> OperatorCredentials() {
  return OverTls() ? Credentials("nmn://operator/test") : grpc::InsecureChannelCredentials();
}

std::string TransportFigure() { return OverTls() ? ", over TLS" : ""; }

}  // namespace nmn::fault
