#include "port_object.h"

#include <unistd.h>

#include <cstring>
#include <optional>

#include "arguments.h"
#include "outbox.h"
#include "targets.h"

namespace launchport {
namespace {

Napi::Value to_handle(Napi::Env env, uint32_t handle, const Problem& problem) {
  if (handle != 0) return Napi::Number::New(env, handle);
  if (problem) {
    throw_problem(env, problem);
  } else {
    Napi::RangeError::New(env, "the port has too many handles").ThrowAsJavaScriptException();
  }
  return env.Undefined();
}

double number_of(uint32_t word) { return word == UINT32_MAX ? -1 : static_cast<double>(word); }

}  // namespace

void PortObject::define(Environment& environment, Napi::Env env) {
  const Napi::Function constructor = DefineClass(
      env, "Port",
      {InstanceMethod<&PortObject::connect>("connect"), InstanceMethod<&PortObject::listen>("listen"),
       InstanceMethod<&PortObject::activate>("activate"), InstanceMethod<&PortObject::cancel>("cancel"),
       InstanceMethod<&PortObject::suspend>("suspend"), InstanceMethod<&PortObject::resume>("resume"),
       InstanceMethod<&PortObject::barrier>("barrier"), InstanceMethod<&PortObject::peer>("peer"),
       InstanceMethod<&PortObject::flush>("flush"), InstanceMethod<&PortObject::allocate>("allocate"),
       InstanceMethod<&PortObject::send>("send"),
       InstanceMethod<&PortObject::drop>("drop"), InstanceMethod<&PortObject::endpoint>("endpoint"),
       InstanceMethod<&PortObject::create_memory>("createMemory"), InstanceMethod<&PortObject::memory>("memory"),
       InstanceMethod<&PortObject::release>("release"),
       InstanceMethod<&PortObject::close_descriptor>("closeDescriptor"),
       InstanceMethod<&PortObject::set_busy>("setBusy"),
       InstanceMethod<&PortObject::announce_termination>("announceTermination"),
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
  const std::optional<ConnectTarget> target = read_connect_target(env, *object);
  if (!target.has_value() || !require_open(env)) return env.Undefined();
  Problem problem = platform::problem_with(*target);
  const uint32_t handle = problem ? 0 : port_->connect(*target, &problem);
  return to_handle(env, handle, problem);
}

Napi::Value PortObject::listen(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::optional<Napi::Object> object = read_object(info, 0, "target");
  if (!object.has_value()) return env.Undefined();
  const std::optional<ListenTarget> target = read_listen_target(env, *object);
  if (!target.has_value() || !require_open(env)) return env.Undefined();
  Problem problem = platform::problem_with(*target);
  const uint32_t handle = problem ? 0 : port_->listen(*target, &problem);
  return to_handle(env, handle, problem);
}

void PortObject::activate(const Napi::CallbackInfo& info) {
  if (const std::optional<uint32_t> handle = read_u32(info, 0, "handle")) port_->activate(*handle);
}

void PortObject::cancel(const Napi::CallbackInfo& info) {
  if (const std::optional<uint32_t> handle = read_u32(info, 0, "handle")) port_->cancel(*handle);
}

void PortObject::suspend(const Napi::CallbackInfo& info) {
  if (const std::optional<uint32_t> handle = read_u32(info, 0, "handle")) port_->suspend(*handle);
}

void PortObject::resume(const Napi::CallbackInfo& info) {
  const std::optional<uint32_t> handle = read_u32(info, 0, "handle");
  if (handle.has_value() && !port_->resume(*handle)) throw_type_error(info.Env(), "handle is not suspended");
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
  object.Set("asid", number_of(credentials.asid));
  if (credentials.token != Credentials().token) {
    const size_t size = sizeof credentials.token;
    Napi::Uint8Array token = Napi::Uint8Array::New(env, size);
    if (token.IsEmpty()) return env.Undefined();
    std::memcpy(token.Data(), credentials.token.data(), size);
    object.Set("auditToken", token);
  }
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

Napi::Value PortObject::allocate(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::optional<double> size = read_integer(env, info[0], 1, static_cast<double>(kMaxBodyBytes), "byteLength");
  if (!size.has_value() || !require_open(env)) return env.Undefined();
  return loan_.lend(env, static_cast<size_t>(*size));
}

void PortObject::send(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::optional<uint32_t> kind = read_u32(info, 0, "kind");
  if (!kind.has_value()) return;
  const std::optional<uint32_t> handle = read_u32(info, 1, "handle");
  if (!handle.has_value()) return;
  const std::optional<uint32_t> id = read_u32(info, 2, "id");
  if (!id.has_value()) return;
  // Shared memory could change while it is read.
  if (!info[3].IsTypedArray() || info[3].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array ||
      !static_cast<Napi::Value>(info[3].As<Napi::TypedArray>().ArrayBuffer()).IsArrayBuffer()) {
    return throw_type_error(env, "body must be a Uint8Array over memory that is not shared");
  }
  const Napi::Uint8Array array = info[3].As<Napi::Uint8Array>();
  const Bytes body(array.Data(), array.ByteLength());
  if (const char* problem = problem_with_record(*kind, body)) return throw_type_error(env, problem);
  void* const block = loan_.take(array);
  if (!port_->is_closed()) {
    OutRecord record = make_record(*kind, *handle, *id, body);
    if (record.payload.rights.empty()) record.payload.block = block;
    port_->send(record);
    port_->flush();
  }
  if (block != nullptr) Loan::take_away(array);
}

void PortObject::drop(const Napi::CallbackInfo& info) {
  if (const std::optional<uint32_t> token = read_u32(info, 0, "token")) port_->drop(*token);
}

void PortObject::set_active(const Napi::CallbackInfo& info) {
  if (const std::optional<bool> is_active = read_bool(info, 0, "isActive")) port_->set_active(*is_active);
}

void PortObject::set_busy(const Napi::CallbackInfo& info) {
  if (const std::optional<bool> is_busy = read_bool(info, 0, "isBusy")) port_->set_busy(*is_busy);
}

void PortObject::announce_termination(const Napi::CallbackInfo&) { port_->announce_termination(); }

Napi::Value PortObject::endpoint(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::optional<uint32_t> listener = read_u32(info, 0, "listener");
  if (!listener.has_value() || !require_open(env)) return env.Undefined();
  Problem problem;
  const uint32_t handle = port_->make_endpoint(*listener, &problem);
  return to_handle(env, handle, problem);
}

Napi::Value PortObject::create_memory(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::optional<double> size = read_integer(env, info[0], 1, static_cast<double>(kMaxMemoryBytes), "byteLength");
  if (!size.has_value() || !require_open(env)) return env.Undefined();
  Problem problem;
  const uint32_t handle = port_->make_memory(static_cast<size_t>(*size), &problem);
  return to_handle(env, handle, problem);
}

Napi::Value PortObject::memory(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::optional<uint32_t> handle = read_u32(info, 0, "memory");
  if (!handle.has_value() || !require_open(env)) return env.Undefined();
  if (const std::shared_ptr<SharedMemory> memory = port_->rights().find_memory(*handle)) return memory->buffer(env);
  throw_type_error(env, "handle must be that of a shared memory of this port");
  return env.Undefined();
}

void PortObject::release(const Napi::CallbackInfo& info) {
  if (const std::optional<uint32_t> right = read_u32(info, 0, "right")) port_->rights().release(*right);
}

// Not of the port: it can still be closed after it.
void PortObject::close_descriptor(const Napi::CallbackInfo& info) {
  if (const std::optional<int> descriptor = read_int(info.Env(), info[0], "descriptor")) ::close(*descriptor);
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
  object.Set("wakeUps", static_cast<double>(statistics.wake_ups));
  object.Set("peersRefused", static_cast<double>(statistics.peers_refused));
  object.Set("rights", static_cast<double>(statistics.rights));
  return object;
}

void PortObject::close(const Napi::CallbackInfo&) { port_->close(); }

}  // namespace launchport
