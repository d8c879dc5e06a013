#include "arguments.h"

#include <climits>
#include <cmath>

namespace launchport {

std::optional<double> read_integer(Napi::Env env, Napi::Value value, double low, double high, const char* name) {
  if (!value.IsEmpty() && value.IsNumber()) {
    const double number = value.As<Napi::Number>().DoubleValue();
    if (number >= low && number <= high && number == std::floor(number)) return number;
  }
  throw_type_error(env, std::string(name) + " must be an integer in range");
  return std::nullopt;
}

void throw_problem(Napi::Env env, const Problem& problem) {
  if (problem.code == nullptr) return throw_type_error(env, problem.text);
  if (env.IsExceptionPending()) return;
  Napi::Error error = Napi::Error::New(env, problem.text);
  error.Set("code", Napi::String::New(env, problem.code));
  error.ThrowAsJavaScriptException();
}

void throw_type_error(Napi::Env env, const std::string& message) {
  if (!env.IsExceptionPending()) Napi::TypeError::New(env, message).ThrowAsJavaScriptException();
}

std::optional<uint32_t> read_u32(const Napi::CallbackInfo& info, size_t index, const char* name) {
  const std::optional<double> number = read_integer(info.Env(), info[index], 0, UINT32_MAX, name);
  if (!number.has_value()) return std::nullopt;
  return static_cast<uint32_t>(*number);
}

std::optional<int> read_int(Napi::Env env, Napi::Value value, const char* name) {
  const std::optional<double> number = read_integer(env, value, 0, INT_MAX, name);
  if (!number.has_value()) return std::nullopt;
  return static_cast<int>(*number);
}

std::optional<bool> read_bool(const Napi::CallbackInfo& info, size_t index, const char* name) {
  if (info[index].IsBoolean()) return info[index].As<Napi::Boolean>().Value();
  throw_type_error(info.Env(), std::string(name) + " must be a boolean");
  return std::nullopt;
}

std::optional<Napi::Object> read_object(const Napi::CallbackInfo& info, size_t index, const char* name) {
  if (info[index].IsObject()) return info[index].As<Napi::Object>();
  throw_type_error(info.Env(), std::string(name) + " must be an object");
  return std::nullopt;
}

std::optional<Napi::Function> read_function(Napi::Env env, Napi::Value value, const char* name) {
  if (!value.IsEmpty() && value.IsFunction()) return value.As<Napi::Function>();
  throw_type_error(env, std::string(name) + " must be a function");
  return std::nullopt;
}

std::optional<std::string> read_string(Napi::Env env, Napi::Value value, const char* name) {
  if (!value.IsEmpty() && value.IsString()) {
    std::string text = value.As<Napi::String>().Utf8Value();
    if (text.find('\0') == std::string::npos) return text;
  }
  throw_type_error(env, std::string(name) + " must be a string without NUL");
  return std::nullopt;
}

}  // namespace launchport
