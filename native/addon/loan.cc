#include "loan.h"

#include <utility>

#include "external_buffer.h"
#include "platform.h"

namespace launchport {

struct Loan::Lent {
  std::shared_ptr<State> state;
  void* block;

  ~Lent() {
    // The address may be used again for something that was never lent.
    if (state->block == block) state->block = nullptr;
    platform::free_body(block);
  }
};

Napi::Value Loan::lend(Napi::Env env, size_t byte_length) {
  state_->block = nullptr;
  void* const block = platform::allocate_body(byte_length);
  std::unique_ptr<Lent> lent(new Lent{state_, block});
  napi_value buffer = nullptr;
  // An engine may allow no memory but its own.
  if (create_external_buffer(env, block, byte_length, lent, &buffer) != napi_ok) {
    return Napi::ArrayBuffer::New(env, byte_length);
  }
  state_->block = block;
  return Napi::Value(env, buffer);
}

void* Loan::take(const Napi::Uint8Array& array) {
  if (state_->block == nullptr || array.Data() != state_->block) return nullptr;
  return std::exchange(state_->block, nullptr);
}

void Loan::take_away(const Napi::Uint8Array& array) { napi_detach_arraybuffer(array.Env(), array.ArrayBuffer()); }

}  // namespace launchport
