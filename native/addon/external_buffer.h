// Buffers of JavaScript over memory that the engine did not allocate.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <memory>

namespace launchport {

// JavaScript thread. `owner` keeps the memory; the buffer takes it over, and deletes it on that thread once the engine has
// let go of the memory. It is left to the caller where the engine allows no such buffers, and gone where the engine itself
// failed to make one.
template <typename Owner>
napi_status create_external_buffer(napi_env env, void* data, size_t size, std::unique_ptr<Owner>& owner,
                                   napi_value* buffer) {
  const napi_status status = napi_create_external_arraybuffer(
      env, data, size, [](napi_env, void*, void* hint) { delete static_cast<Owner*>(hint); }, owner.get(), buffer);
  if (status == napi_ok || status == napi_generic_failure) static_cast<void>(owner.release());
  return status;
}

}  // namespace launchport
