#include "port_object.h"

#include <optional>
#include <string>

#include "arguments.h"
#include "outbox.h"

namespace launchport {
namespace {

// BOOTSTRAP_MAX_NAME_LEN of bootstrap.h, less its NUL.
constexpr size_t kMaxNameBytes = 127;

std::optional<std::string> read_name(Napi::Env env, Napi::Object target) {
  std::optional<std::string> name = read_string(env, target.Get("name"), "name");
  if (name.has_value() && (name->empty() || name->size() > kMaxNameBytes)) {
    throw_type_error(env, "name must have 1 to 127 bytes");
    return std::nullopt;
  }
  return name;
}

// False when it threw. Absent leaves `value` as it is.
bool read_optional_flag(Napi::Env env, Napi::Object target, const char* name, bool* value) {
  const Napi::Value property = target.Get(name);
  if (property.IsEmpty()) return false;
  if (property.IsUndefined()) return true;
  if (!property.IsBoolean()) {
    throw_type_error(env, std::string(name) + " must be a boolean");
    return false;
  }
  *value = property.As<Napi::Boolean>().Value();
  return true;
}

std::optional<platform::ConnectTarget> read_connect_target(Napi::Env env, Napi::Object object) {
  platform::ConnectTarget target;
  std::optional<std::string> name = read_name(env, object);
  if (!name.has_value() || !read_optional_flag(env, object, "privileged", &target.is_privileged)) return std::nullopt;
  target.name = std::move(*name);
  const Napi::Value address = object.Get("address");
  if (address.IsEmpty()) return std::nullopt;
  if (!address.IsUndefined()) {
    target.address = read_string(env, address, "address");
    if (!target.address.has_value()) return std::nullopt;
  }
  if (const char* problem = platform::problem_with(target)) {
    throw_type_error(env, problem);
    return std::nullopt;
  }
  return target;
}

std::optional<platform::ListenTarget> read_listen_target(Napi::Env env, Napi::Object object) {
  platform::ListenTarget target;
  std::optional<std::string> name = read_name(env, object);
  if (!name.has_value() || !read_optional_flag(env, object, "allowAnyUser", &target.is_any_user_allowed)) {
    return std::nullopt;
  }
  target.name = std::move(*name);
  const Napi::Value descriptor = object.Get("descriptor");
  if (descriptor.IsEmpty()) return std::nullopt;
  if (!descriptor.IsUndefined()) {
    target.descriptor = read_int(env, descriptor, "descriptor");
    if (!target.descriptor.has_value()) return std::nullopt;
  }
  if (const char* problem = platform::problem_with(target)) {
    throw_type_error(env, problem);
    return std::nullopt;
  }
  return target;
}

Napi::Value to_handle(Napi::Env env, uint32_t handle) {
  if (handle != 0) return Napi::Number::New(env, handle);
  Napi::RangeError::New(env, "the port has too many connections").ThrowAsJavaScriptException();
  return env.Undefined();
}

double number_of(uint32_t word) { return word == UINT32_MAX ? -1 : static_cast<double>(word); }

}  // namespace

void PortObject::define(Environment& environment, Napi::Env env) {
  const Napi::Function constructor = DefineClass(
      env, "Port",
      {InstanceMethod<&PortObject::connect>("connect"), InstanceMethod<&PortObject::listen>("listen"),
       InstanceMethod<&PortObject::activate>("activate"), InstanceMethod<&PortObject::cancel>("cancel"),
       InstanceMethod<&PortObject::barrier>("barrier"),
       InstanceMethod<&PortObject::peer>("peer"), InstanceMethod<&PortObject::flush>("flush"),
       InstanceMethod<&PortObject::send>("send"), InstanceMethod<&PortObject::drop>("drop"),
       InstanceMethod<&PortObject::set_active>("setActive"), InstanceMethod<&PortObject::statistics>("statistics"),
       InstanceMethod<&PortObject::close>("close")});
  environment.port_class = Napi::Persistent(constructor);
}

PortObject::PortObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PortObject>(info) {
  const Napi::Env env = info.Env();
  const std::optional<Napi::Function> deliver = read_function(env, info[0], "deliver");
  if (!deliver.has_value()) return;
  auto* const environment = env.GetInstanceData<std::shared_ptr<Environment>>();
  const Napi::ArrayBuffer inbox = Napi::ArrayBuffer::New(env, kBufferBytes);
  const Napi::ArrayBuffer outbox = Napi::ArrayBuffer::New(env, kBufferBytes);
  if (inbox.IsEmpty() || outbox.IsEmpty()) return;
  Napi::Object self = info.This().As<Napi::Object>();
  self.DefineProperty(Napi::PropertyDescriptor::Value("inbox", inbox, napi_enumerable));
  self.DefineProperty(Napi::PropertyDescriptor::Value("outbox", outbox, napi_enumerable));
  outbox_ = Napi::Reference<Napi::ArrayBuffer>::New(outbox, 1);
  port_ = std::make_shared<Port>(**environment, *deliver, inbox);
  (*environment)->add(port_);
}

bool PortObject::require_open(Napi::Env env) const {
  if (!port_->is_closed()) return true;
  Napi::Error::New(env, "the port is closed").ThrowAsJavaScriptException();
  return false;
}

Napi::Value PortObject::connect(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::optional<Napi::Object> object = read_object(info, 0, "target");
  if (!object.has_value()) return env.Undefined();
  const std::optional<platform::ConnectTarget> target = read_connect_target(env, *object);
  if (!target.has_value() || !require_open(env)) return env.Undefined();
  return to_handle(env, port_->connect(*target));
}

Napi::Value PortObject::listen(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::optional<Napi::Object> object = read_object(info, 0, "target");
  if (!object.has_value()) return env.Undefined();
  const std::optional<platform::ListenTarget> target = read_listen_target(env, *object);
  if (!target.has_value() || !require_open(env)) return env.Undefined();
  return to_handle(env, port_->listen(*target));
}

void PortObject::activate(const Napi::CallbackInfo& info) {
  if (const std::optional<uint32_t> handle = read_u32(info, 0, "handle")) port_->activate(*handle);
}

void PortObject::cancel(const Napi::CallbackInfo& info) {
  if (const std::optional<uint32_t> handle = read_u32(info, 0, "handle")) port_->cancel(*handle);
}

void PortObject::barrier(const Napi::CallbackInfo& info) {
  if (const std::optional<uint32_t> handle = read_u32(info, 0, "handle")) port_->barrier(*handle);
}

Napi::Value PortObject::peer(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::optional<uint32_t> handle = read_u32(info, 0, "handle");
  if (!handle.has_value()) return env.Undefined();
  const Credentials credentials = port_->peer(*handle);
  Napi::Object object = Napi::Object::New(env);
  object.Set("pid", number_of(credentials.pid));
  object.Set("euid", number_of(credentials.euid));
  object.Set("egid", number_of(credentials.egid));
  return object;
}

void PortObject::flush(const Napi::CallbackInfo& info) {
  const std::optional<uint32_t> length = read_u32(info, 0, "byteLength");
  if (!length.has_value() || port_->is_closed()) return;
  void* data = nullptr;
  size_t size = 0;
  if (napi_get_arraybuffer_info(info.Env(), outbox_.Value(), &data, &size) != napi_ok) size = 0;
  if (*length > size) return throw_type_error(info.Env(), "byteLength is larger than the outbox");
  const Bytes records(static_cast<const uint8_t*>(data), *length);
  // Checked as a whole first, so that a malformed burst sends nothing.
  if (const char* problem = problem_with_records(records)) return throw_type_error(info.Env(), problem);
  OutboxReader reader(records);
  for (OutRecord record; reader.next(&record);) port_->send(record);
  port_->flush();
}

void PortObject::send(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::optional<uint32_t> kind = read_u32(info, 0, "kind");
  if (!kind.has_value()) return;
  const std::optional<uint32_t> handle = read_u32(info, 1, "handle");
  if (!handle.has_value()) return;
  const std::optional<uint32_t> id = read_u32(info, 2, "id");
  if (!id.has_value()) return;
  if (const char* problem = problem_with_kind(*kind)) return throw_type_error(env, problem);
  // Shared memory could change while it is read.
  if (!info[3].IsTypedArray() || info[3].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array ||
      !static_cast<Napi::Value>(info[3].As<Napi::TypedArray>().ArrayBuffer()).IsArrayBuffer()) {
    return throw_type_error(env, "body must be a Uint8Array over memory that is not shared");
  }
  const Napi::Uint8Array body = info[3].As<Napi::Uint8Array>();
  if (port_->is_closed()) return;
  port_->send({static_cast<Outbound>(*kind), *handle, *id, Bytes(body.Data(), body.ByteLength())});
  port_->flush();
}

void PortObject::drop(const Napi::CallbackInfo& info) {
  if (const std::optional<uint32_t> token = read_u32(info, 0, "token")) port_->drop(*token);
}

void PortObject::set_active(const Napi::CallbackInfo& info) {
  if (const std::optional<bool> is_active = read_bool(info, 0, "isActive")) port_->set_active(*is_active);
}

Napi::Value PortObject::statistics(const Napi::CallbackInfo& info) {
  const Statistics statistics = port_->statistics();
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("connections", static_cast<double>(statistics.connections));
  object.Set("listeners", static_cast<double>(statistics.listeners));
  object.Set("openTokens", static_cast<double>(statistics.open_tokens));
  object.Set("messagesSent", static_cast<double>(statistics.messages_sent));
  object.Set("messagesReceived", static_cast<double>(statistics.messages_received));
  object.Set("deliveries", static_cast<double>(statistics.deliveries));
  object.Set("peersRefused", static_cast<double>(statistics.peers_refused));
  return object;
}

void PortObject::close(const Napi::CallbackInfo&) { port_->close(); }

}  // namespace launchport
