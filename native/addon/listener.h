// A listener: accepts peers of the right user and hands each a handle of its own.
#pragma once

#include <sys/types.h>

#include <memory>

#include "channel.h"

namespace launchport {

class Listener final : public Channel {
 public:
  Listener(std::shared_ptr<Port> port, ConnectionRef connection, bool is_any_user_allowed)
      : Channel(std::move(port), std::move(connection)), is_any_user_allowed_(is_any_user_allowed) {}

  // Handlers' queue: a peer whose credentials forbid it was turned away.
  void refused(const Credentials& credentials);

 private:
  void receive(xpc_object_t object) override;

  const bool is_any_user_allowed_;
};

}  // namespace launchport
