// Where connections go and what listeners listen on, read from JavaScript: src/native/targets.ts.
#pragma once

#include <napi.h>

#include <cstdint>
#include <optional>
#include <string>

#include "requirement.h"

namespace launchport {

struct ConnectTarget {
  std::string name;                  // empty when there is an endpoint
  std::optional<uint32_t> endpoint;  // handle of the port
  std::optional<std::string> address;
  bool is_privileged = false;
  PeerRequirement requirement;
};

struct ListenTarget {
  std::string name;  // empty: an anonymous listener
  std::optional<int> descriptor;
  PeerRequirement requirement;
};

// Each throws in JavaScript and returns nothing when the value is no such target. What it names may not exist.
std::optional<ConnectTarget> read_connect_target(Napi::Env env, Napi::Object object);
std::optional<ListenTarget> read_listen_target(Napi::Env env, Napi::Object object);

}  // namespace launchport
