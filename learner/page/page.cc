#include "learner/page/page.h"

#include <string_view>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/digest/sha256.h"
#include "learner/page/page_text.h"

namespace nmn::page {
namespace {

// " 'sha256-..'" of each <tag>..</tag> of `page`: what Content-Security-Policy lets in by its content.
std::string Digests(std::string_view page, std::string_view tag) {
  const std::string begin = absl::StrCat("<", std::string(tag), ">"), end = absl::StrCat("</", std::string(tag), ">");
  std::string digests;
  for (size_t at = page.find(begin); at != std::string_view::npos; at = page.find(begin, at)) {
    at += begin.size();
    const std::string_view content = page.substr(at, page.find(end, at) - at);
    absl::StrAppend(&digests, " 'sha256-", absl::Base64Escape(Sha256Of(content)), "'");
  }
  return digests;
}

std::vector<std::pair<std::string, std::string>> Headers(const std::string& policy) {
  return {{"Content-Security-Policy", policy},
          {"X-Content-Type-Options", "nosniff"},
          {"Referrer-Policy", "no-referrer"},
          {"Cross-Origin-Resource-Policy", "same-origin"},
          {"Cache-Control", "no-store"}};
}

// What a page may do: run its own scripts, and `more`.
std::string Policy(std::string_view page, std::string_view more) {
  return absl::StrCat("default-src 'none'; script-src", Digests(page, "script"), "; style-src", Digests(page, "style"),
                      "; img-src data:; base-uri 'none'; form-action 'none'", std::string(more));
}

}  // namespace

metrics::HttpResponse Page() {
  static const std::string* const policy =
      new std::string(Policy(LiveText(), "; connect-src 'self'; frame-ancestors 'none'"));
  return {200, "text/html; charset=utf-8", std::string(LiveText()), Headers(*policy)};
}

metrics::HttpResponse Data(std::string json) {
  return {200, "application/json", std::move(json), Headers("default-src 'none'; frame-ancestors 'none'")};
}

std::string Report(std::string_view json) {
  // In JSON "<" stands in texts alone, and would end the element that holds it.
  return absl::StrReplaceAll(std::string(ReportText()),
                             {{"{{POLICY}}", Policy(ReportText(), "")},
                              {"{{DATA}}", absl::StrReplaceAll(std::string(json), {{"<", "\\u003c"}})}});
}

}  // namespace nmn::page
