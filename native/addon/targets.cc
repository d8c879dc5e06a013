#include "targets.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "arguments.h"

namespace launchport {
namespace {

// BOOTSTRAP_MAX_NAME_LEN of bootstrap.h, less its NUL.
constexpr size_t kMaxNameBytes = 127;

// An id of all ones is none.
constexpr double kMaxId = 4294967294;

// Each reader below returns false when it threw. An absent property leaves `value` as it is.

// Whether the property is there goes to `is_present`.
bool read_property(Napi::Object object, const char* name, Napi::Value* value, bool* is_present) {
  *value = object.Get(name);
  if (value->IsEmpty()) return false;
  *is_present = !value->IsUndefined();
  return true;
}

bool read_optional_string(Napi::Env env, Napi::Object object, const char* name, std::optional<std::string>* text) {
  Napi::Value value;
  bool is_present = false;
  if (!read_property(object, name, &value, &is_present)) return false;
  if (!is_present) return true;
  *text = read_string(env, value, name);
  return text->has_value();
}

bool read_optional_flag(Napi::Env env, Napi::Object object, const char* name, bool* flag) {
  Napi::Value value;
  bool is_present = false;
  if (!read_property(object, name, &value, &is_present)) return false;
  if (!is_present) return true;
  if (!value.IsBoolean()) return throw_type_error(env, std::string(name) + " must be a boolean"), false;
  *flag = value.As<Napi::Boolean>().Value();
  return true;
}

// Calls `read_one` for each element of a list, which must have one.
template <typename ReadOne>
bool read_list(Napi::Env env, Napi::Value value, const char* name, ReadOne read_one) {
  if (!value.IsArray()) return throw_type_error(env, std::string(name) + " must be an array"), false;
  const uint32_t length = value.As<Napi::Array>().Length();
  if (length == 0) {
    throw_problem(env, Problem::invalid(std::string(name) + " must not be empty: nobody would be allowed"));
    return false;
  }
  for (uint32_t i = 0; i < length; ++i) {
    const Napi::Value element = value.As<Napi::Array>().Get(i);
    if (element.IsEmpty() || !read_one(element)) return false;
  }
  return true;
}

bool read_ids(Napi::Env env, Napi::Value value, const char* name, std::vector<uint32_t>* ids) {
  return read_list(env, value, name, [&](Napi::Value element) {
    const std::optional<double> id = read_integer(env, element, 0, kMaxId, name);
    if (id.has_value()) ids->push_back(static_cast<uint32_t>(*id));
    return id.has_value();
  });
}

bool read_users(Napi::Env env, Napi::Object object, PeerRequirement* requirement) {
  Napi::Value value;
  bool is_present = false;
  if (!read_property(object, "users", &value, &is_present)) return false;
  if (!is_present) return true;
  if (value.IsString() && value.As<Napi::String>().Utf8Value() == "any") {
    requirement->is_any_user_allowed = true;
    return true;
  }
  return read_ids(env, value, "users", &requirement->users);
}

bool read_groups(Napi::Env env, Napi::Object object, PeerRequirement* requirement) {
  Napi::Value value;
  bool is_present = false;
  if (!read_property(object, "groups", &value, &is_present)) return false;
  return !is_present || read_ids(env, value, "groups", &requirement->groups);
}

bool read_executables(Napi::Env env, Napi::Object object, PeerRequirement* requirement) {
  constexpr const char* kName = "executables";
  Napi::Value value;
  bool is_present = false;
  if (!read_property(object, kName, &value, &is_present)) return false;
  if (!is_present) return true;
  return read_list(env, value, kName, [&](Napi::Value element) {
    std::optional<std::string> path = read_string(env, element, kName);
    if (!path.has_value()) return false;
    if (!path->starts_with('/')) {
      throw_problem(env, Problem::invalid("executables must be absolute paths, unlike " + *path));
      return false;
    }
    requirement->executables.push_back(std::move(*path));
    return true;
  });
}

bool read_entitlement_value(Napi::Env env, Napi::Object object, CodeRequirement* code) {
  Napi::Value value;
  bool is_present = false;
  if (!read_property(object, "value", &value, &is_present)) return false;
  if (!is_present) return true;
  if (value.IsBoolean()) {
    code->value = value.As<Napi::Boolean>().Value();
    return true;
  }
  if (value.IsBigInt()) {
    bool is_lossless = false;
    code->value = value.As<Napi::BigInt>().Int64Value(&is_lossless);
    if (!is_lossless) throw_type_error(env, "value must fit 64 bits");
    return is_lossless;
  }
  std::optional<std::string> text = read_string(env, value, "value");
  if (text.has_value()) code->value = std::move(*text);
  return text.has_value();
}

bool read_code(Napi::Env env, Napi::Object object, PeerRequirement* requirement) {
  using Kind = CodeRequirement::Kind;
  Napi::Value value;
  bool is_present = false;
  if (!read_property(object, "code", &value, &is_present)) return false;
  if (!is_present) return true;
  if (!value.IsObject()) return throw_type_error(env, "code must be an object"), false;
  const Napi::Object source = value.As<Napi::Object>();
  const std::optional<std::string> kind = read_string(env, source.Get("kind"), "kind");
  if (!kind.has_value()) return false;
  CodeRequirement code;
  const char* text_name = "identifier";
  if (*kind == "requirement") {
    code.kind = Kind::requirement;
    text_name = "text";
  } else if (*kind == "team") {
    code.kind = Kind::team;
  } else if (*kind == "platform") {
    code.kind = Kind::platform;
  } else if (*kind == "entitlement") {
    code.kind = Kind::entitlement;
    text_name = "name";
  } else {
    return throw_type_error(env, "kind of code is unknown"), false;
  }
  if (!read_optional_string(env, source, text_name, &code.text)) return false;
  const bool is_text_needed = code.kind == Kind::requirement || code.kind == Kind::entitlement;
  if (is_text_needed && !code.text.has_value()) {
    return throw_type_error(env, std::string(text_name) + " of code is missing"), false;
  }
  if (code.kind == Kind::entitlement && !read_entitlement_value(env, source, &code)) return false;
  requirement->code = std::move(code);
  return true;
}

bool read_requirement(Napi::Env env, Napi::Object target, PeerRequirement* requirement) {
  Napi::Value value;
  bool is_present = false;
  if (!read_property(target, "requirement", &value, &is_present)) return false;
  if (!is_present) return true;
  if (!value.IsObject()) return throw_type_error(env, "requirement must be an object"), false;
  const Napi::Object object = value.As<Napi::Object>();
  return read_users(env, object, requirement) && read_groups(env, object, requirement) &&
         read_executables(env, object, requirement) && read_code(env, object, requirement);
}

// `is_optional`: an absent name is read as an empty one.
bool read_name(Napi::Env env, Napi::Object target, bool is_optional, std::string* name) {
  std::optional<std::string> text;
  if (!read_optional_string(env, target, "name", &text)) return false;
  if (!text.has_value() && is_optional) return true;
  if (!text.has_value()) return throw_type_error(env, "name must be a string without NUL"), false;
  if (text->empty() || text->size() > kMaxNameBytes) {
    return throw_type_error(env, "name must have 1 to 127 bytes"), false;
  }
  *name = std::move(*text);
  return true;
}

bool read_endpoint(Napi::Env env, Napi::Object object, ConnectTarget* target) {
  Napi::Value value;
  bool is_present = false;
  if (!read_property(object, "endpoint", &value, &is_present)) return false;
  if (!is_present) return true;
  const std::optional<double> handle = read_integer(env, value, 0, UINT32_MAX, "endpoint");
  if (!handle.has_value()) return false;
  target->endpoint = static_cast<uint32_t>(*handle);
  return true;
}

}  // namespace

std::optional<ConnectTarget> read_connect_target(Napi::Env env, Napi::Object object) {
  ConnectTarget target;
  if (!read_endpoint(env, object, &target)) return std::nullopt;
  const bool is_by_name = !target.endpoint.has_value();
  if (!read_name(env, object, !is_by_name, &target.name)) return std::nullopt;
  if (!is_by_name && !target.name.empty()) {
    throw_type_error(env, "a target has a name or an endpoint, not both");
    return std::nullopt;
  }
  if (!read_optional_flag(env, object, "privileged", &target.is_privileged)) return std::nullopt;
  if (!read_optional_string(env, object, "address", &target.address)) return std::nullopt;
  if (!read_requirement(env, object, &target.requirement)) return std::nullopt;
  return target;
}

std::optional<ListenTarget> read_listen_target(Napi::Env env, Napi::Object object) {
  ListenTarget target;
  Napi::Value descriptor;
  bool has_descriptor = false;
  if (!read_name(env, object, true, &target.name)) return std::nullopt;
  if (!read_property(object, "descriptor", &descriptor, &has_descriptor)) return std::nullopt;
  if (has_descriptor) {
    target.descriptor = read_int(env, descriptor, "descriptor");
    if (!target.descriptor.has_value()) return std::nullopt;
    if (target.name.empty()) {
      throw_type_error(env, "a listener without a name has no descriptor");
      return std::nullopt;
    }
  }
  if (!read_requirement(env, object, &target.requirement)) return std::nullopt;
  return target;
}

}  // namespace launchport
