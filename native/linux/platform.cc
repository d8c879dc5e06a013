// The seam on Linux: handlers run on the loop's own thread, and objects can stay in their serialized form.
#include "platform.h"

#include <fcntl.h>
#include <napi.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <xpc/loop.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "environment.h"
#include "launchd/supervisor_object.h"
#include "listener.h"

namespace launchport::platform {
namespace {

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

Problem no_code_signatures() {
  return Problem::not_supported("a requirement of code needs macOS: Linux signs no executables");
}

Refusal refusal_from(xpc_peer_refusal_t why) {
  switch (why) {
    case XPC_PEER_REFUSED_GROUP:
      return Refusal::group;
    case XPC_PEER_REFUSED_EXECUTABLE:
      return Refusal::executable;
    case XPC_PEER_REFUSED_USER:
      break;
  }
  return Refusal::user;
}

// Linux 6.5: a peer's process that cannot be mistaken for a later one with its pid.
bool has_peer_pidfd() {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return false;
  int descriptor = -1;
  socklen_t length = sizeof descriptor;
  const bool is_there = getsockopt(pair[0], SOL_SOCKET, SO_PEERPIDFD, &descriptor, &length) == 0;
  if (is_there) close(descriptor);
  close(pair[0]);
  close(pair[1]);
  return is_there;
}

}  // namespace

const char* const kName = "linux";

Problem problem_with(const ConnectTarget& target) {
  if (target.requirement.code.has_value()) return no_code_signatures();
  if (target.endpoint.has_value()) return {};
  if (!target.address.has_value() || target.address->empty()) {
    return Problem::type_error("address must be the path of the service's socket");
  }
  return {};
}

Problem problem_with(const ListenTarget& target) {
  if (target.requirement.code.has_value()) return no_code_signatures();
  // XPC aborts for one that is not open.
  if (target.descriptor.has_value() && fcntl(*target.descriptor, F_GETFD) < 0) {
    return Problem::type_error("descriptor is not open");
  }
  return {};
}

ConnectionRef create_client(const ConnectTarget& target, dispatch_queue_t queue) {
  const uint64_t flags = target.is_privileged ? XPC_CONNECTION_MACH_SERVICE_PRIVILEGED : 0;
  ConnectionRef connection =
      ConnectionRef::adopt(xpc_connection_create_mach_service(target.name.c_str(), queue, flags));
  xpc_connection_set_socket_path(connection.get(), target.address->c_str());
  return connection;
}

ConnectionRef create_listener(const ListenTarget& target, dispatch_queue_t queue) {
  ConnectionRef connection = ConnectionRef::adopt(
      xpc_connection_create_mach_service(target.name.c_str(), queue, XPC_CONNECTION_MACH_SERVICE_LISTENER));
  if (target.descriptor.has_value()) xpc_connection_set_listening_socket(connection.get(), *target.descriptor);
  return connection;
}

Problem set_requirement(xpc_connection_t connection, const PeerRequirement& requirement) {
  const bool is_default = !requirement.is_any_user_allowed && requirement.users.empty() &&
                          requirement.groups.empty() && requirement.executables.empty();
  // XPC's own default is the same, and costs no client a wait for its service.
  if (is_default) return {};
  const xpc_peer_policy_s policy{requirement.is_any_user_allowed, requirement.users, requirement.groups,
                                 requirement.executables};
  xpc_connection_set_peer_policy(connection, &policy);
  return {};
}

void report_refused(Listener& listener) {
  xpc_connection_set_refused_handler(
      listener.get(),
      [](void* context, xpc_peer_refusal_t why, pid_t pid, uid_t uid, gid_t gid) {
        Credentials credentials;
        credentials.pid = static_cast<uint32_t>(pid);
        credentials.euid = uid;
        credentials.egid = gid;
        static_cast<Listener*>(context)->refused(refusal_from(why), credentials);
      },
      &listener);
}

std::optional<Refusal> refusal_of_sender(xpc_connection_t, xpc_object_t, const PeerRequirement&, Role) {
  return std::nullopt;
}

void read_audit_token(xpc_connection_t, std::array<uint32_t, 8>*) {}

void* allocate_region(size_t size) { return xpc_loop_region_allocate(size); }

void free_region(void* region, size_t) { xpc_loop_region_free(region); }

uint64_t shared_memory_length(xpc_object_t memory) { return xpc_shmem_get_length(memory); }

std::optional<RichError> rich_error(xpc_object_t object) {
  if (xpc_get_type(object) != XPC_TYPE_RICH_ERROR) return std::nullopt;
  char* const text = xpc_rich_error_copy_description(object);
  RichError error{text == nullptr ? "" : text, xpc_rich_error_can_retry(object)};
  std::free(text);
  return error;
}

void announce_termination(dispatch_queue_t queue) { xpc_loop_queue_announce_termination(queue); }

bool has_function(const char* name) {
  // They are part of the addon and not exported, so there is nothing to look up.
  constexpr std::string_view kFunctions[] = {
      "xpc_make_serialization",
      "xpc_create_from_serialization",
      "xpc_shmem_get_length",
      "xpc_rich_error_copy_description",
      "xpc_rich_error_can_retry",
  };
  return std::ranges::find(kFunctions, name) != std::end(kFunctions);
}

std::vector<Capability> own_capabilities() {
  return {
      {"peer requirement: executables", "", true},
      {"SO_PEERPIDFD", "", has_peer_pidfd()},
  };
}

std::string invalidation_reason(xpc_connection_t) { return {}; }

void* allocate_body(size_t size) { return xpc_loop_block_allocate(size); }

void free_body(void* body) { xpc_loop_block_release(body); }

Object dictionary_from_serialized(const Payload& payload) {
  const Bytes body = payload.body;
  return Object::adopt(payload.block == nullptr ? xpc_dictionary_create_borrowed(body.data(), body.size())
                                                : xpc_dictionary_create_in_block(payload.block, body.size()));
}

bool fill_reply_from_serialized(xpc_object_t reply, const Payload& payload) {
  const Bytes body = payload.body;
  return payload.block == nullptr ? xpc_dictionary_set_borrowed(reply, body.data(), body.size())
                                  : xpc_dictionary_set_block(reply, payload.block, body.size());
}

Bytes serialized_form(xpc_object_t dictionary) {
  size_t length = 0;
  const void* const bytes = xpc_dictionary_get_serialized(dictionary, &length);
  return bytes == nullptr ? Bytes() : Bytes(static_cast<const uint8_t*>(bytes), length);
}

void extend_binding(Environment& environment, napi_env env, napi_value binding) {
  SupervisorObject::define(environment, env);
  Napi::Object(env, binding).Set("openSupervisor", Napi::Function::New<open_supervisor>(env, "openSupervisor"));
}

}  // namespace launchport::platform
