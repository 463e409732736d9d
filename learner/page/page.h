#pragma once

#include <string>
#include <string_view>

#include "common/metrics/http_server.h"

namespace nmn::page {

// The live page. It may run its own scripts and ask its own host, nothing else: the answer's headers hold it to that.
metrics::HttpResponse Page();

// `json`, which the page asks for.
metrics::HttpResponse Data(std::string json);

// The page of a report as one file, with `json` in it; held to its own scripts likewise.
std::string Report(std::string_view json);

}  // namespace nmn::page
