// A listener: accepts peers that meet its requirement and hands each a handle of its own.
#pragma once

#include <memory>

#include "channel.h"
#include "requirement.h"

namespace launchport {

class Listener final : public Channel {
 public:
  Listener(std::shared_ptr<Port> port, ConnectionRef connection, std::shared_ptr<const PeerRequirement> requirement)
      : Channel(std::move(port), std::move(connection)), requirement_(std::move(requirement)) {}

  // Handlers' queue: a peer that does not meet the requirement was turned away.
  void refused(Refusal refusal, const Credentials& credentials);

 private:
  void receive(xpc_object_t object) override;
  void requirement_failed(xpc_object_t error) override;

  const std::shared_ptr<const PeerRequirement> requirement_;
};

}  // namespace launchport
