#include "system_error.h"

#include <uv.h>

#include <cerrno>

namespace launchport {
namespace {

struct ErrorName {
  const char* code;
  const char* text;
};

ErrorName name_of(int number) {
  // libuv does not know it, for it runs such a file with a shell instead.
  if (number == -ENOEXEC) return {"ENOEXEC", "exec format error"};
  return {uv_err_name(number), uv_strerror(number)};
}

}  // namespace

void throw_system_error(Napi::Env env, const SystemError& error) {
  const int number = uv_translate_sys_error(error.number);
  const ErrorName name = name_of(number);
  std::string message = std::string(name.code) + ": " + name.text + ", " + error.syscall;
  if (!error.path.empty()) message += " '" + error.path + "'";
  Napi::Error thrown = Napi::Error::New(env, message);
  thrown.Set("code", Napi::String::New(env, name.code));
  thrown.Set("errno", Napi::Number::New(env, number));
  thrown.Set("syscall", Napi::String::New(env, error.syscall));
  if (!error.path.empty()) thrown.Set("path", Napi::String::New(env, error.path));
  thrown.ThrowAsJavaScriptException();
}

}  // namespace launchport
