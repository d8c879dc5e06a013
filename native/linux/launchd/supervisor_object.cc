#include "supervisor_object.h"

#include <signal.h>

#include <optional>
#include <string>

#include "arguments.h"
#include "spawn_options.h"

namespace launchport {
namespace {

// JavaScript's end of a Supervisor::Sink.
struct JsSink {
  explicit JsSink(Napi::Object sink)
      : object(Napi::Persistent(sink)), context(sink.Env(), "launchport.supervisor") {}

  void call(const char* method, std::initializer_list<double> numbers) {
    const Napi::Env env = object.Env();
    const Napi::HandleScope scope(env);
    std::vector<napi_value> arguments;
    for (const double number : numbers) arguments.push_back(Napi::Number::New(env, number));
    const Napi::Value function = object.Get(method);
    napi_value result;
    napi_make_callback(env, context, object.Value(), function, arguments.size(), arguments.data(), &result);
    bool is_pending = false;
    napi_value exception;
    if (napi_is_exception_pending(env, &is_pending) == napi_ok && is_pending &&
        napi_get_and_clear_last_exception(env, &exception) == napi_ok) {
      napi_fatal_exception(env, exception);
    }
  }

  Napi::ObjectReference object;
  Napi::AsyncContext context;
};

}  // namespace

Napi::Value open_supervisor(const Napi::CallbackInfo& info) {
  auto* const environment = info.Env().GetInstanceData<std::shared_ptr<Environment>>();
  return (*environment)->supervisor_class.New({info[0]});
}

void SupervisorObject::define(Environment& environment, Napi::Env env) {
  using Self = SupervisorObject;
  const Napi::Function constructor = DefineClass(
      env, "SupervisorPort",
      {InstanceMethod<&Self::create_listener>("createListener"),
       InstanceMethod<&Self::move_listener>("moveListener"), InstanceMethod<&Self::listener_pid>("listenerPid"),
       InstanceMethod<&Self::watch>("watch"), InstanceMethod<&Self::unwatch>("unwatch"),
       InstanceMethod<&Self::is_listening>("isListening"), InstanceMethod<&Self::lock>("lock"),
       InstanceMethod<&Self::spawn>("spawn"), InstanceMethod<&Self::signal>("signal"),
       InstanceMethod<&Self::close_descriptor>("closeDescriptor"), InstanceMethod<&Self::set_active>("setActive"),
       InstanceMethod<&Self::process_identity>("processIdentity"), InstanceMethod<&Self::adopt>("adopt"),
       InstanceMethod<&Self::connect_keeper>("connectKeeper"), InstanceMethod<&Self::call_keeper>("callKeeper"),
       InstanceMethod<&Self::keeper_program>("keeperProgram"), InstanceMethod<&Self::close>("close")});
  environment.supervisor_class = Napi::Persistent(constructor);
}

SupervisorObject::SupervisorObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<SupervisorObject>(info) {
  const Napi::Env env = info.Env();
  const std::optional<Napi::Object> object = read_object(info, 0, "sink");
  if (!object.has_value() || !read_function(env, object->Get("demand"), "sink.demand").has_value() ||
      !read_function(env, object->Get("exit"), "sink.exit").has_value()) {
    return;
  }
  const auto sink = std::make_shared<JsSink>(*object);
  auto* const environment = env.GetInstanceData<std::shared_ptr<Environment>>();
  supervisor_ = std::make_shared<Supervisor>(
      *environment,
      Supervisor::Sink{[sink](int descriptor) { sink->call("demand", {static_cast<double>(descriptor)}); },
                       [sink](uint32_t process, int exit_code, int signal) {
                         sink->call("exit", {static_cast<double>(process), static_cast<double>(exit_code),
                                             static_cast<double>(signal)});
                       }});
  (*environment)->add(supervisor_);
}

bool SupervisorObject::require_open(Napi::Env env) const {
  if (!supervisor_->is_closed()) return true;
  Napi::Error::New(env, "the supervisor port is closed").ThrowAsJavaScriptException();
  return false;
}

Napi::Value SupervisorObject::create_listener(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::optional<std::string> path = read_string(env, info[0], "path");
  if (!path.has_value()) return env.Undefined();
  const std::optional<int> backlog = read_int(env, info[1], "backlog");
  if (!backlog.has_value() || !require_open(env)) return env.Undefined();
  SystemError error;
  const std::optional<int> descriptor = supervisor_->create_listener(*path, *backlog, &error);
  if (descriptor.has_value()) return Napi::Number::New(env, *descriptor);
  throw_system_error(env, error);
  return env.Undefined();
}

void SupervisorObject::move_listener(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::optional<std::string> from = read_string(env, info[0], "from");
  if (!from.has_value()) return;
  const std::optional<std::string> to = read_string(env, info[1], "to");
  if (!to.has_value() || !require_open(env)) return;
  SystemError error;
  if (!move_listening_socket(*from, *to, &error)) throw_system_error(env, error);
}

Napi::Value SupervisorObject::listener_pid(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::optional<int> descriptor = read_int(env, info[0], "descriptor");
  if (!descriptor.has_value()) return env.Undefined();
  SystemError error;
  const std::optional<pid_t> pid = pid_of_listener(*descriptor, &error);
  if (pid.has_value()) return Napi::Number::New(env, *pid);
  throw_system_error(env, error);
  return env.Undefined();
}

void SupervisorObject::watch(const Napi::CallbackInfo& info) {
  const std::optional<int> descriptor = read_int(info.Env(), info[0], "descriptor");
  if (!descriptor.has_value() || !require_open(info.Env())) return;
  SystemError error;
  if (!supervisor_->watch(*descriptor, &error)) throw_system_error(info.Env(), error);
}

void SupervisorObject::unwatch(const Napi::CallbackInfo& info) {
  if (const std::optional<int> descriptor = read_int(info.Env(), info[0], "descriptor")) {
    supervisor_->unwatch(*descriptor);
  }
}

Napi::Value SupervisorObject::is_listening(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::optional<std::string> path = read_string(env, info[0], "path");
  if (!path.has_value()) return env.Undefined();
  SystemError error;
  const std::optional<bool> is_listening = is_listening_at(*path, &error);
  if (is_listening.has_value()) return Napi::Boolean::New(env, *is_listening);
  throw_system_error(env, error);
  return env.Undefined();
}

Napi::Value SupervisorObject::lock(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::optional<std::string> path = read_string(env, info[0], "path");
  if (!path.has_value() || !require_open(env)) return env.Undefined();
  SystemError error;
  const std::optional<int> descriptor = supervisor_->lock(*path, &error);
  if (descriptor.has_value()) return Napi::Number::New(env, *descriptor);
  throw_system_error(env, error);
  return env.Undefined();
}

Napi::Value SupervisorObject::spawn(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::optional<Napi::Object> options = read_object(info, 0, "options");
  if (!options.has_value()) return env.Undefined();
  std::optional<SpawnRequest> request = read_spawn_options(env, *options);
  if (!request.has_value() || !require_open(env)) return env.Undefined();
  const Napi::Value forked = options->Get("forked");
  if (forked.IsFunction()) {
    request->forked = [forked = forked.As<Napi::Function>(), env](pid_t pid, SystemError*) {
      forked.Call({Napi::Number::New(env, pid)});
      return !env.IsExceptionPending();
    };
  }
  SystemError error;
  const std::optional<Supervisor::Started> started = supervisor_->spawn(*request, &error);
  if (!started.has_value()) {
    if (!env.IsExceptionPending()) throw_system_error(env, error);
    return env.Undefined();
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("process", Napi::Number::New(env, started->process));
  result.Set("pid", Napi::Number::New(env, started->pid));
  return result;
}

Napi::Value SupervisorObject::signal(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::optional<uint32_t> process = read_u32(info, 0, "process");
  if (!process.has_value()) return env.Undefined();
  const std::optional<int> signal = read_int(env, info[1], "signal");
  if (!signal.has_value()) return env.Undefined();
  const std::optional<bool> is_group = read_bool(info, 2, "isGroup");
  if (!is_group.has_value()) return env.Undefined();
  SystemError error;
  const std::optional<bool> is_sent = supervisor_->signal(*process, *signal, *is_group, &error);
  if (is_sent.has_value()) return Napi::Boolean::New(env, *is_sent);
  throw_system_error(env, error);
  return env.Undefined();
}

void SupervisorObject::close_descriptor(const Napi::CallbackInfo& info) {
  const std::optional<int> descriptor = read_int(info.Env(), info[0], "descriptor");
  if (!descriptor.has_value()) return;
  SystemError error;
  if (!supervisor_->close_descriptor(*descriptor, &error)) throw_system_error(info.Env(), error);
}

void SupervisorObject::set_active(const Napi::CallbackInfo& info) {
  if (const std::optional<bool> is_active = read_bool(info, 0, "isActive")) supervisor_->set_active(*is_active);
}

void SupervisorObject::close(const Napi::CallbackInfo&) { supervisor_->close(); }

}  // namespace launchport
