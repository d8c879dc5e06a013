// The seam on macOS. Of Node, only napi_* symbols are used. Functions newer than macOS 12 are looked up at run time.
#include "platform.h"

#include <dlfcn.h>
#include <mach/message.h>
#include <sys/mman.h>
#include <sys/sysctl.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace launchport::platform {
namespace {

// Words of an audit token: what libbsm, which is not linked, reads from it.
using AuditToken = audit_token_t;
constexpr size_t kTokenEuid = 1;
constexpr size_t kTokenEgid = 2;
constexpr size_t kTokenPid = 5;

// A function or object of libxpc that older systems, or headers, do not have.
template <typename T>
T find(const char* name) {
  return reinterpret_cast<T>(dlsym(RTLD_DEFAULT, name));
}

// Who sent this very message.
std::optional<AuditToken> audit_token_of(xpc_object_t message) {
  using GetToken = void (*)(xpc_object_t, AuditToken*);
  static const auto get_token = find<GetToken>("xpc_dictionary_get_audit_token");
  if (get_token == nullptr) return std::nullopt;
  AuditToken token{};
  get_token(message, &token);
  // Of a dictionary that nobody sent it is all ones, with pid 0.
  if (token.val[kTokenPid] == 0) return std::nullopt;
  return token;
}

// What a requirement of code is set with, and since when.
struct CodeFunction {
  const char* name;
  const char* since;
};

CodeFunction function_for(const CodeRequirement& code) {
  switch (code.kind) {
    case CodeRequirement::Kind::team:
      return {"xpc_connection_set_peer_team_identity_requirement", "14.4"};
    case CodeRequirement::Kind::platform:
      return {"xpc_connection_set_peer_platform_identity_requirement", "14.4"};
    case CodeRequirement::Kind::entitlement:
      if (std::holds_alternative<std::monostate>(code.value)) {
        return {"xpc_connection_set_peer_entitlement_exists_requirement", "14.4"};
      }
      return {"xpc_connection_set_peer_entitlement_matches_value_requirement", "14.4"};
    case CodeRequirement::Kind::requirement:
      break;
  }
  return {"xpc_connection_set_peer_code_signing_requirement", "12.0"};
}

std::string system_version() {
  char text[32] = "of unknown version";
  size_t size = sizeof text;
  sysctlbyname("kern.osproductversion", text, &size, nullptr, 0);
  return text;
}

Problem problem_with_requirement(const PeerRequirement& requirement) {
  if (!requirement.executables.empty()) {
    return Problem::not_supported("a requirement of executables needs Linux; on macOS require a code signature");
  }
  if (!requirement.code.has_value()) return {};
  const CodeFunction function = function_for(*requirement.code);
  if (has_function(function.name)) return {};
  return Problem::not_supported(std::string(function.name) + " needs macOS " + function.since + "; this is macOS " +
                                system_version());
}

Object entitlement_value(const CodeRequirement& code) {
  if (const auto* text = std::get_if<std::string>(&code.value)) return Object::adopt(xpc_string_create(text->c_str()));
  if (const bool* flag = std::get_if<bool>(&code.value)) return Object::adopt(xpc_bool_create(*flag));
  const int64_t* number = std::get_if<int64_t>(&code.value);
  return number == nullptr ? Object() : Object::adopt(xpc_int64_create(*number));
}

// XPC's result: 0, or an error. It aborts when a connection is given a second requirement.
int set_code_requirement(xpc_connection_t connection, const CodeRequirement& code) {
  using Set = int (*)(xpc_connection_t, const char*);
  using SetValue = int (*)(xpc_connection_t, const char*, xpc_object_t);
  const char* const text = code.text.has_value() ? code.text->c_str() : nullptr;
  const char* const name = function_for(code).name;
  const Object value = entitlement_value(code);
  if (value) {
    const auto set_value = find<SetValue>(name);
    return set_value == nullptr ? ENOSYS : set_value(connection, text, value.get());
  }
  const auto set = find<Set>(name);
  return set == nullptr ? ENOSYS : set(connection, text);
}

}  // namespace

const char* const kName = "darwin";

Problem problem_with(const ConnectTarget& target) {
  if (target.address.has_value()) {
    return Problem::type_error("address is for Linux; macOS looks the name up with launchd");
  }
  return problem_with_requirement(target.requirement);
}

Problem problem_with(const ListenTarget& target) {
  if (target.descriptor.has_value()) {
    return Problem::type_error("descriptor is for Linux; macOS checks the name in with launchd");
  }
  return problem_with_requirement(target.requirement);
}

ConnectionRef create_client(const ConnectTarget& target, dispatch_queue_t queue) {
  const uint64_t flags = target.is_privileged ? XPC_CONNECTION_MACH_SERVICE_PRIVILEGED : 0;
  return ConnectionRef::adopt(xpc_connection_create_mach_service(target.name.c_str(), queue, flags));
}

ConnectionRef create_listener(const ListenTarget& target, dispatch_queue_t queue) {
  return ConnectionRef::adopt(
      xpc_connection_create_mach_service(target.name.c_str(), queue, XPC_CONNECTION_MACH_SERVICE_LISTENER));
}

Problem set_requirement(xpc_connection_t connection, const PeerRequirement& requirement) {
  if (!requirement.code.has_value()) return {};
  const int error = set_code_requirement(connection, *requirement.code);
  if (error == 0) return {};
  return Problem::invalid("the system refuses the requirement of code: error " + std::to_string(error));
}

void report_refused(Listener&) {}

std::optional<Refusal> refusal_of_sender(xpc_connection_t connection, xpc_object_t message,
                                         const PeerRequirement& requirement, Role role) {
  uid_t euid = xpc_connection_get_euid(connection);
  gid_t egid = xpc_connection_get_egid(connection);
  // Of the connection XPC tells who sent last, which may be another message than this one.
  if (const std::optional<AuditToken> token = audit_token_of(message)) {
    euid = token->val[kTokenEuid];
    egid = token->val[kTokenEgid];
  }
  // launchd has decided who serves a name: that is enough when nothing else is asked for.
  const bool is_known = euid != static_cast<uid_t>(-1);
  if (!is_known && role == Role::client && requirement.users.empty() && requirement.groups.empty()) return std::nullopt;
  return refusal_of(requirement, role, euid, egid);
}

void read_audit_token(xpc_connection_t connection, std::array<uint32_t, 8>* token) {
  using GetToken = void (*)(xpc_connection_t, AuditToken*);
  static const auto get_token = find<GetToken>("xpc_connection_get_audit_token");
  AuditToken found{};
  if (get_token == nullptr) return;
  get_token(connection, &found);
  // Before contact there is none.
  if (found.val[kTokenPid] > 0) std::ranges::copy(found.val, token->begin());
}

void* allocate_region(size_t size) {
  void* const region = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANON, -1, 0);
  return region == MAP_FAILED ? nullptr : region;
}

void free_region(void* region, size_t size) { munmap(region, size); }

uint64_t shared_memory_length(xpc_object_t memory) {
  using GetLength = size_t (*)(xpc_object_t);
  static const auto get_length = find<GetLength>("xpc_shmem_get_length");
  if (get_length != nullptr) return get_length(memory);
  // Without it, what can be mapped is the next best: whole pages.
  void* region = nullptr;
  const size_t size = xpc_shmem_map(memory, &region);
  if (size > 0) munmap(region, size);
  return size;
}

std::optional<RichError> rich_error(xpc_object_t object) {
  // macOS 13.
  using CopyDescription = char* (*)(xpc_object_t);
  using CanRetry = bool (*)(xpc_object_t);
  static const auto type = find<xpc_type_t>("_xpc_type_rich_error");
  static const auto copy_description = find<CopyDescription>("xpc_rich_error_copy_description");
  static const auto can_retry = find<CanRetry>("xpc_rich_error_can_retry");
  if (type == nullptr || xpc_get_type(object) != type || copy_description == nullptr || can_retry == nullptr) {
    return std::nullopt;
  }
  char* const text = copy_description(object);
  RichError error{text == nullptr ? "" : text, can_retry(object)};
  std::free(text);
  return error;
}

void announce_termination(dispatch_queue_t) {}  // libxpc tells the peers when launchd asks the process to end

bool has_function(const char* name) { return dlsym(RTLD_DEFAULT, name) != nullptr; }

std::vector<Capability> own_capabilities() { return {}; }

std::string invalidation_reason(xpc_connection_t connection) {
  // macOS 12, and not in the headers of every SDK that can target it.
  using CopyReason = char* (*)(xpc_connection_t);
  static const auto copy_reason = find<CopyReason>("xpc_connection_copy_invalidation_reason");
  char* const text = copy_reason == nullptr ? nullptr : copy_reason(connection);
  std::string reason = text == nullptr ? "" : text;
  std::free(text);
  return reason;
}

// The system's allocator keeps large blocks for the next one.
void* allocate_body(size_t size) {
  void* const body = std::malloc(size);
  if (body == nullptr) std::abort();
  return body;
}

void free_body(void* body) { std::free(body); }

Object dictionary_from_serialized(const Payload&) { return {}; }

bool fill_reply_from_serialized(xpc_object_t, const Payload&) { return false; }

Bytes serialized_form(xpc_object_t) { return {}; }

void extend_binding(Environment&, napi_env, napi_value) {}

}  // namespace launchport::platform
