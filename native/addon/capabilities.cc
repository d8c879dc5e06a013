#include "capabilities.h"

#include <vector>

#include "platform.h"

namespace launchport {
namespace {

struct Function {
  const char* name;
  const char* since;
};

// By version. What no header declares has no documented version: such functions are older than macOS 12, the first
// that we run on, and may go at any time.
constexpr Function kFunctions[] = {
    {"xpc_dictionary_get_audit_token", "12.0"},
    {"xpc_connection_get_audit_token", "12.0"},
    {"xpc_dictionary_expects_reply", "12.0"},
    {"xpc_dictionary_send_reply", "12.0"},
    {"xpc_make_serialization", "12.0"},
    {"xpc_create_from_serialization", "12.0"},
    {"xpc_shmem_get_length", "12.0"},
    {"xpc_connection_copy_invalidation_reason", "12.0"},
    {"xpc_connection_set_peer_code_signing_requirement", "12.0"},
    {"xpc_session_create_xpc_service", "13.0"},
    {"xpc_session_create_mach_service", "13.0"},
    {"xpc_session_set_incoming_message_handler", "13.0"},
    {"xpc_session_set_cancel_handler", "13.0"},
    {"xpc_session_activate", "13.0"},
    {"xpc_session_cancel", "13.0"},
    {"xpc_session_send_message", "13.0"},
    {"xpc_session_send_message_with_reply_sync", "13.0"},
    {"xpc_session_send_message_with_reply_async", "13.0"},
    {"xpc_session_copy_description", "13.0"},
    {"xpc_rich_error_copy_description", "13.0"},
    {"xpc_rich_error_can_retry", "13.0"},
    {"xpc_session_set_target_queue", "14.0"},
    {"xpc_listener_create", "14.0"},
    {"xpc_listener_activate", "14.0"},
    {"xpc_listener_cancel", "14.0"},
    {"xpc_listener_reject_peer", "14.0"},
    {"xpc_connection_set_peer_entitlement_exists_requirement", "14.4"},
    {"xpc_connection_set_peer_entitlement_matches_value_requirement", "14.4"},
    {"xpc_connection_set_peer_team_identity_requirement", "14.4"},
    {"xpc_connection_set_peer_platform_identity_requirement", "14.4"},
    {"xpc_connection_set_peer_lightweight_code_requirement", "14.4"},
    {"xpc_session_set_peer_code_signing_requirement", "14.4"},
    {"xpc_listener_set_peer_code_signing_requirement", "14.4"},
    {"xpc_listener_create_anonymous", "15.0"},
    {"xpc_listener_create_endpoint", "15.0"},
    {"xpc_peer_requirement_create_entitlement_exists", "26.0"},
    {"xpc_peer_requirement_create_entitlement_matches_value", "26.0"},
    {"xpc_peer_requirement_create_team_identity", "26.0"},
    {"xpc_peer_requirement_create_platform_identity", "26.0"},
    {"xpc_peer_requirement_create_lwcr", "26.0"},
    {"xpc_connection_set_peer_requirement", "26.0"},
    {"xpc_session_set_peer_requirement", "26.0"},
    {"xpc_listener_set_peer_requirement", "26.0"},
};

Napi::Object to_object(Napi::Env env, const Capability& capability) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("name", capability.name);
  object.Set("since", capability.since);
  object.Set("isAvailable", capability.is_available);
  object.Freeze();
  return object;
}

}  // namespace

Napi::Value read_capabilities(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Array list = Napi::Array::New(env);
  uint32_t count = 0;
  for (const Function& function : kFunctions) {
    list.Set(count++, to_object(env, {function.name, function.since, platform::has_function(function.name)}));
  }
  for (const Capability& own : platform::own_capabilities()) list.Set(count++, to_object(env, own));
  list.Freeze();
  return list;
}

}  // namespace launchport
