#include "learner/page/page.h"

#include <gmock/gmock.h>

#include <regex>
#include <string>

#include "absl/strings/escaping.h"
#include "common/digest/sha256.h"

namespace nmn::page {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Header(const metrics::HttpResponse& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

std::vector<std::string> Contents(const std::string& html, const std::string& tag) {
  std::vector<std::string> contents;
  const std::string begin = "<" + tag + ">";
  for (size_t at = html.find(begin); at != std::string::npos; at = html.find(begin, at + 1)) {
    const size_t from = at + begin.size();
    contents.push_back(html.substr(from, html.find("</" + tag + ">", from) - from));
  }
  return contents;
}

TEST(LivePage, IsOneSmallPieceOfHtml) {
  const metrics::HttpResponse page = Page();
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_THAT(page.body, ::testing::StartsWith("<!doctype html>"));
  EXPECT_LT(page.body.size(), 200 << 10);
}

TEST(LivePage, LoadsNothing) {
  const std::string html = Page().body;
  EXPECT_THAT(html, Not(HasSubstr("src=\"")));
  EXPECT_THAT(html, Not(HasSubstr("stylesheet")));
  EXPECT_THAT(html, Not(HasSubstr("@import")));
  EXPECT_THAT(html, Not(HasSubstr("https:")));
  // The name of SVG is the only address in it.
  const std::string without = std::regex_replace(html, std::regex("http://www\\.w3\\.org/2000/svg"), "");
  EXPECT_THAT(without, Not(HasSubstr("http:")));
}

TEST(LivePage, PutsNoTextInAsMarkup) {
  for (const char* way : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"})
    EXPECT_THAT(Page().body, Not(HasSubstr(way)));
}

TEST(LivePage, ItsPolicyLetsInItsOwnStyleAndScriptsAlone) {
  const metrics::HttpResponse page = Page();
  const std::string policy = Header(page, "Content-Security-Policy");
  EXPECT_THAT(policy, ::testing::StartsWith("default-src 'none'; "));
  EXPECT_THAT(policy, HasSubstr("; connect-src 'self';"));
  EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
  EXPECT_EQ(Contents(page.body, "style").size(), 1);
  EXPECT_EQ(Contents(page.body, "script").size(), 2);
  for (const char* tag : {"style", "script"}) {
    for (const std::string& content : Contents(page.body, tag))
      EXPECT_THAT(policy, HasSubstr("'sha256-" + absl::Base64Escape(Sha256Of(content)) + "'"));
  }
}

TEST(LivePage, IsNotKeptAndIsWhatItSaysItIs) {
  for (const metrics::HttpResponse& response : {Page(), Data("{}")}) {
    EXPECT_EQ(Header(response, "Cache-Control"), "no-store");
    EXPECT_EQ(Header(response, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(Header(response, "Cross-Origin-Resource-Policy"), "same-origin");
  }
  EXPECT_EQ(Data("{}").content_type, "application/json");
  EXPECT_EQ(Data("{}").body, "{}");
}

TEST(ReportPage, HoldsItsDataWhateverTheySay) {
  const std::string page = Report(R"({"path":"</script><script>alert(1)</script>{{POLICY}}"})");
  EXPECT_THAT(page, HasSubstr(R"(>{"path":"\u003c/script>\u003cscript>alert(1)\u003c/script>{{POLICY}}"}</script>)"));
  EXPECT_EQ(Contents(page, "script").size(), 3);
  for (const std::string& content : Contents(page, "script"))
    EXPECT_THAT(page, HasSubstr("'sha256-" + absl::Base64Escape(Sha256Of(content)) + "'"));
  EXPECT_THAT(page, Not(HasSubstr("{{DATA}}")));
}

TEST(ReportPage, LoadsNothing) {
  const std::string page = Report("{}");
  EXPECT_THAT(page, Not(HasSubstr("src=\"")));
  EXPECT_THAT(page, Not(HasSubstr("stylesheet")));
  EXPECT_THAT(page, HasSubstr("content=\"default-src 'none'; script-src 'sha256-"));
  EXPECT_THAT(page, Not(HasSubstr("innerHTML")));
}

}  // namespace
}  // namespace nmn::page
