#include "common/net/address.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

namespace nmn::net {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(Address, TakesNamesIpv4AndBracketedIpv6) {
  EXPECT_EQ(*ParseAddress("learner-0.nmn:50051", "--learner"), (Address{"learner-0.nmn", 50051}));
  EXPECT_EQ(*ParseAddress("127.0.0.1:0", "--listen"), (Address{"127.0.0.1", 0}));
  EXPECT_EQ(*ParseAddress("[::1]:9", "--listen"), (Address{"::1", 9}));
}

TEST(Address, PrintsWhatItParses) {
  for (const char* text : {"localhost:1", "10.0.0.1:65535", "[::1]:50051"}) {
    EXPECT_EQ(ToString(*ParseAddress(text, "--listen")), text);
  }
}

TEST(Address, OneOfItsTwoPartsIsAskedFor) {
  EXPECT_THAT(std::string(ParseAddress("9464", "--metrics").status().message()),
              HasSubstr("--metrics=9464: there is no host before the port"));
  EXPECT_THAT(std::string(ParseAddress("localhost", "--metrics").status().message()),
              HasSubstr("there is no port behind the host"));
}

TEST(Address, RefusesWhatIsMalformedAndSaysWhatIsLegal) {
  for (const char* text :
       {"", "localhost", ":50051", "localhost:", "localhost:x", "localhost:65536", "localhost:-1", "::1:50051", "[::1]",
        "[::1]50051", "[nope]:1", "1.2.3:5", "999.0.0.1:5", "a b:5", "http://x:5", "a..b:5", "a..:5", ".a:5", ".:5"}) {
    const auto address = ParseAddress(text, "--listen");
    ASSERT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(address.status().message()), testing::AllOf(HasSubstr("--listen"), HasSubstr("host:port")))
        << text;
  }
}

TEST(Address, KnowsLoopback) {
  for (const char* text : {"localhost:1", "LOCALHOST:1", "localhost.:1", "127.0.0.1:1", "127.3.2.1:1", "[::1]:1",
                           "[::ffff:127.0.0.1]:1"}) {
    EXPECT_TRUE(IsLoopback(*ParseAddress(text, "--listen"))) << text;
  }
  for (const char* text : {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[::ffff:10.0.0.1]:1", "example.org:1"}) {
    EXPECT_FALSE(IsLoopback(*ParseAddress(text, "--listen"))) << text;
  }
}

TEST(Address, OffLoopbackNeedsTlsOrInsecureInWords) {
  const auto refused = ParseListenAddress("0.0.0.0:50051", "--listen", {});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.status().message()),
              AllOf(HasSubstr("--listen=0.0.0.0:50051"), HasSubstr("--tls=DIR"), HasSubstr("--insecure")));
  EXPECT_TRUE(ParseListenAddress("0.0.0.0:50051", "--listen", {.tls = true}).ok());
  EXPECT_TRUE(ParseListenAddress("0.0.0.0:50051", "--listen", {.insecure = true}).ok());
  EXPECT_TRUE(ParseListenAddress("127.0.0.1:50051", "--listen", {}).ok());
  EXPECT_FALSE(CheckProtected({"learner", 50051}, "--learner", {}).ok());
  EXPECT_TRUE(CheckProtected({"localhost", 50051}, "--learner", {}).ok());
}

TEST(Address, AServerHasNoPortZero) { EXPECT_FALSE(ParseServerAddress("localhost:0", "--learner").ok()); }

TEST(Address, APortInUseIsUnavailableAndNamed) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&name), sizeof(name)), 0);
  ASSERT_EQ(listen(fd, 1), 0);
  socklen_t size = sizeof(name);
  getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size);
  const Address taken{"127.0.0.1", ntohs(name.sin_port)};
  const absl::Status status = CheckBindable(taken, "--listen");
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--listen=" + ToString(taken)));
  close(fd);
  EXPECT_TRUE(CheckBindable(taken, "--listen").ok());
}

TEST(Address, AForeignAddressCannotBeBound) {
  EXPECT_EQ(CheckBindable({"192.0.2.1", 0}, "--listen").code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace nmn::net
