#include "system_error.h"

#include <uv.h>

namespace launchport {

void throw_system_error(Napi::Env env, const SystemError& error) {
  const int number = uv_translate_sys_error(error.number);
  std::string message = std::string(uv_err_name(number)) + ": " + uv_strerror(number) + ", " + error.syscall;
  if (!error.path.empty()) message += " '" + error.path + "'";
  Napi::Error thrown = Napi::Error::New(env, message);
  thrown.Set("code", Napi::String::New(env, uv_err_name(number)));
  thrown.Set("errno", Napi::Number::New(env, number));
  thrown.Set("syscall", Napi::String::New(env, error.syscall));
  if (!error.path.empty()) thrown.Set("path", Napi::String::New(env, error.path));
  thrown.ThrowAsJavaScriptException();
}

}  // namespace launchport
