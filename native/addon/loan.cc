#include "loan.h"

#include <utility>

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
  auto* const lent = new Lent{state_, platform::allocate_body(byte_length)};
  napi_value buffer = nullptr;
  const napi_status status = napi_create_external_arraybuffer(
      env, lent->block, byte_length, [](napi_env, void*, void* hint) { delete static_cast<Lent*>(hint); }, lent, &buffer);
  if (status == napi_ok) {
    state_->block = lent->block;
    return Napi::Value(env, buffer);
  }
  // Of a buffer that the engine itself failed to make, it is already being deleted.
  if (status != napi_generic_failure) delete lent;
  // An engine that allows no memory but its own.
  return Napi::ArrayBuffer::New(env, byte_length);
}

void* Loan::take(const Napi::Uint8Array& array) {
  if (state_->block == nullptr || array.Data() != state_->block) return nullptr;
  return std::exchange(state_->block, nullptr);
}

void Loan::take_away(const Napi::Uint8Array& array) { napi_detach_arraybuffer(array.Env(), array.ArrayBuffer()); }

}  // namespace launchport
