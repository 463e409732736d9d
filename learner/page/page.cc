#include "learner/page/page.h"

#include <string_view>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/digest/sha256.h"
#include "learner/page/page_text.h"

namespace nmn::page {
namespace {

// " 'sha256-..'" of each <tag>..</tag> of the page: what Content-Security-Policy lets in by its content.
std::string Digests(std::string_view tag) {
  const std::string begin = absl::StrCat("<", std::string(tag), ">"), end = absl::StrCat("</", std::string(tag), ">");
  const std::string_view text = Text();
  std::string digests;
  for (size_t at = text.find(begin); at != std::string_view::npos; at = text.find(begin, at)) {
    at += begin.size();
    const std::string_view content = text.substr(at, text.find(end, at) - at);
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

}  // namespace

metrics::HttpResponse Page() {
  static const std::string* const policy = new std::string(
      absl::StrCat("default-src 'none'; script-src", Digests("script"), "; style-src", Digests("style"),
                   "; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"));
  return {200, "text/html; charset=utf-8", std::string(Text()), Headers(*policy)};
}

metrics::HttpResponse Data(std::string json) {
  return {200, "application/json", std::move(json), Headers("default-src 'none'; frame-ancestors 'none'")};
}

}  // namespace nmn::page
