// The part of the supervisor's JavaScript object that recovers from a crash: adoption, and the keeper of sockets.
#include <optional>
#include <string>

#include "arguments.h"
#include "keeper/protocol.h"
#include "keeper_client.h"
#include "process_identity.h"
#include "supervisor_object.h"

namespace launchport {

Napi::Value SupervisorObject::process_identity(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::optional<int> pid = read_int(env, info[0], "pid");
  if (!pid.has_value()) return env.Undefined();
  const std::optional<ProcessIdentity> identity = identity_of(*pid);
  if (!identity.has_value()) return env.Undefined();
  Napi::Object result = Napi::Object::New(env);
  result.Set("startTime", Napi::Number::New(env, static_cast<double>(identity->start_time)));
  result.Set("bootId", Napi::String::New(env, identity->boot_id));
  return result;
}

Napi::Value SupervisorObject::adopt(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::optional<int> pid = read_int(env, info[0], "pid");
  if (!pid.has_value()) return env.Undefined();
  const std::optional<Napi::Object> object = read_object(info, 1, "identity");
  if (!object.has_value()) return env.Undefined();
  const std::optional<double> start_time =
      read_integer(env, object->Get("startTime"), 0, 9007199254740991.0, "identity.startTime");
  if (!start_time.has_value()) return env.Undefined();
  const std::optional<std::string> boot_id = read_string(env, object->Get("bootId"), "identity.bootId");
  if (!boot_id.has_value() || !require_open(env)) return env.Undefined();
  SystemError error;
  const std::optional<Supervisor::Started> adopted =
      supervisor_->adopt(*pid, {static_cast<uint64_t>(*start_time), *boot_id}, &error);
  if (!adopted.has_value()) {
    if (error.number != 0) throw_system_error(env, error);
    return env.Undefined();
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("process", Napi::Number::New(env, adopted->process));
  result.Set("pid", Napi::Number::New(env, adopted->pid));
  return result;
}

Napi::Value SupervisorObject::connect_keeper(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::optional<std::string> path = read_string(env, info[0], "path");
  if (!path.has_value() || !require_open(env)) return env.Undefined();
  SystemError error;
  UniqueFd connection = launchport::connect_keeper(*path, &error);
  if (connection) return Napi::Number::New(env, supervisor_->keep(std::move(connection)));
  if (error.number == 0) return Napi::Number::New(env, -1);
  throw_system_error(env, error);
  return env.Undefined();
}

// callKeeper(connection, request)
Napi::Value SupervisorObject::call_keeper(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::optional<int> connection = read_int(env, info[0], "connection");
  if (!connection.has_value()) return env.Undefined();
  const std::optional<Napi::Object> object = read_object(info, 1, "request");
  if (!object.has_value()) return env.Undefined();
  const std::optional<double> operation =
      read_integer(env, object->Get("operation"), keeper::kHello, keeper::kEnd, "request.operation");
  if (!operation.has_value()) return env.Undefined();
  KeeperRequest request;
  request.operation = static_cast<uint32_t>(*operation);
  if (const Napi::Value name = object->Get("name"); !name.IsUndefined()) {
    const std::optional<std::string> text = read_string(env, name, "request.name");
    if (!text.has_value()) return env.Undefined();
    request.name = *text;
  }
  if (const Napi::Value index = object->Get("index"); !index.IsUndefined()) {
    const std::optional<int> number = read_int(env, index, "request.index");
    if (!number.has_value()) return env.Undefined();
    request.index = static_cast<uint32_t>(*number);
  }
  if (const Napi::Value tag = object->Get("tag"); !tag.IsUndefined()) {
    const std::optional<double> number = read_integer(env, tag, 0, 9007199254740991.0, "request.tag");
    if (!number.has_value()) return env.Undefined();
    request.tag = static_cast<uint64_t>(*number);
  }
  if (const Napi::Value descriptor = object->Get("descriptor"); !descriptor.IsUndefined()) {
    const std::optional<int> number = read_int(env, descriptor, "request.descriptor");
    if (!number.has_value()) return env.Undefined();
    request.descriptor = *number;
  }
  if (!require_open(env)) return env.Undefined();
  SystemError error;
  std::optional<KeeperAnswer> answer = launchport::call_keeper(*connection, request, &error);
  if (!answer.has_value()) {
    throw_system_error(env, error);
    return env.Undefined();
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("status", Napi::Number::New(env, answer->status));
  result.Set("count", Napi::Number::New(env, answer->count));
  result.Set("pid", Napi::Number::New(env, answer->pid));
  result.Set("tag", Napi::Number::New(env, static_cast<double>(answer->tag)));
  result.Set("name", Napi::String::New(env, answer->name));
  const bool has_descriptor = static_cast<bool>(answer->descriptor);
  result.Set("descriptor",
             Napi::Number::New(env, has_descriptor ? supervisor_->keep(std::move(answer->descriptor)) : -1));
  return result;
}

Napi::Value SupervisorObject::keeper_program(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), launchport::keeper_program());
}

}  // namespace launchport
