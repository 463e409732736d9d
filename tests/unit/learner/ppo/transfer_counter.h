#pragma once

#include <ATen/record_function.h>

#include <atomic>
#include <memory>
#include <string_view>

#include "learner/ppo/transfer.h"

namespace nmn::ppo {

// While it lives, counts what a GPU would have to wait for, or be waited for, in all threads. One at a time.
class TransferCounter {
 public:
  TransferCounter() {
    reads_ = uploads_ = others_ = 0;
    handle_ = at::addGlobalCallback(
        at::RecordFunctionCallback(&Saw).scopes({at::RecordScope::FUNCTION, at::RecordScope::USER_SCOPE}));
  }
  ~TransferCounter() { at::removeCallback(handle_); }
  TransferCounter(const TransferCounter&) = delete;
  TransferCounter& operator=(const TransferCounter&) = delete;

  int reads() const { return reads_; }      // through ToHost
  int uploads() const { return uploads_; }  // through ToDevice
  int others() const { return others_; }    // operators that read a tensor on the host by themselves

 private:
  static std::unique_ptr<at::ObserverContext> Saw(const at::RecordFunction& call) {
    const std::string_view name = call.name();
    if (name == kToHost) ++reads_;
    if (name == kToDevice) ++uploads_;
    for (const char* reader : {"aten::_local_scalar_dense", "aten::nonzero", "aten::equal", "aten::masked_select"}) {
      if (name == reader) ++others_;
    }
    return nullptr;
  }

  inline static std::atomic<int> reads_, uploads_, others_;
  at::CallbackHandle handle_;
};

}  // namespace nmn::ppo
