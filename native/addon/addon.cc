// The addon's entry point: one `Binding` of src/native/binding.ts per Node environment.
#include <napi.h>

#include "capabilities.h"
#include "environment.h"
#include "platform.h"
#include "port_object.h"
#include "terminal.h"

namespace launchport {
namespace {

Napi::Value open(const Napi::CallbackInfo& info) {
  auto* const environment = info.Env().GetInstanceData<std::shared_ptr<Environment>>();
  return (*environment)->port_class.New({info[0]});
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  const std::shared_ptr<Environment> environment = Environment::create(env);
  PortObject::define(*environment, env);
  exports.Set("version", Napi::Number::New(env, kBindingVersion));
  exports.Set("platform", Napi::String::New(env, platform::kName));
  exports.Set("capabilities", Napi::Function::New<read_capabilities>(env, "capabilities"));
  exports.Set("open", Napi::Function::New<open>(env, "open"));
  define_terminal(env, exports);
  platform::extend_binding(*environment, env, exports);
  return exports;
}

NODE_API_MODULE(launchport, initialize)

}  // namespace
}  // namespace launchport
