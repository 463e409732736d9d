#pragma once

#include <random>

#include "google/protobuf/message.h"

namespace nmn::fuzz {

// Changes one thing of a message, at any depth: a number to one near it or to a limit, a few bytes of a text, an
// enumeration to any number, a field set or cleared, an element of a list added, dropped, repeated or swapped. So all
// that a sender can say is reached, and what is changed can still be read.
void Mutate(google::protobuf::Message& message, std::mt19937_64& draw);

}  // namespace nmn::fuzz
