#pragma once

#include <grpcpp/security/credentials.h>

#include <memory>
#include <string>
#include <vector>

namespace nmn::fault {

// With NMN_FAULT_TLS=1 fleets speak mutual TLS, with an authority of the process; else plain text, and there are no
// flags.
bool OverTls();
std::vector<std::string> LearnerTlsFlags();
std::vector<std::string> ActorTlsFlags(const std::string& id);
// Of a client in the test itself.
std::shared_ptr<grpc::ChannelCredentials> ActorCredentials(const std::string& id);
std::shared_ptr<grpc::ChannelCredentials> OperatorCredentials();
// ", over TLS" for a figure.
std::string TransportFigure();

}  // namespace nmn::fault
