// Accepts the clients of one service, which come by its name or by an endpoint, and hands them out as peers.
#pragma once

#include <uv.h>
#include <xpc/loop.h>

#include <string>
#include <unordered_set>
#include <vector>

#include "connection.h"
#include "inherited_listeners.h"
#include "loop_handle.h"
#include "peer_policy.h"
#include "rendezvous.h"

namespace xpc {

class Endpoint;
class Peer;

class Listener final : public Connection {
 public:
  // An anonymous one, that only endpoints lead to, has an empty name.
  Listener(std::string name, LoopQueue* queue) : Connection(Kind::listener, std::move(name), queue) {}

  // Listens on a duplicate. Before activation, once.
  void set_socket(int descriptor);
  // Both before activation.
  void set_policy(const xpc_peer_policy_s& policy);
  void set_refused_handler(xpc_refused_handler_t refused, void* context);
  // The process's own.
  Credentials credentials() const override;

  // Any thread. Another each time. That of a listener which has ended leads nowhere.
  Ref<Endpoint> make_endpoint();

  // A client has come, by whatever way.
  void admit(Socket socket, const Credentials& credentials);
  // Nobody can come by this way any more.
  void forget(Rendezvous& rendezvous);
  // The peers learn that the process is about to end.
  void announce_termination();
  // A peer has ended.
  void forget(Peer& peer) { peers_.erase(&peer); }

 private:
  void start() override;
  void stop() override;
  void update_flow() override;
  void destroy() override { delete this; }

  bool check_in();
  void accept_some();
  // False when there is nobody to accept for now.
  bool accept_one();
  // Clients come by this socket from now on.
  void watch(Socket socket);
  void introduce(Socket socket, const Credentials& credentials);
  void rest();

  // All on the loop's thread once active.
  Descriptor own_;            // a duplicate of the socket that was set; else empty
  InheritedListener lease_;   // the socket that launchd gave; else empty
  int descriptor_ = -1;       // of own_ or lease_
  LoopHandle<uv_poll_t> poll_;
  LoopHandle<uv_timer_t> rest_;  // running while there is no descriptor left for another client
  PeerPolicy policy_{PeerPolicy::Root::refused};
  xpc_refused_handler_t refused_ = nullptr;
  void* refused_context_ = nullptr;
  std::vector<Ref<Rendezvous>> rendezvous_;  // of the endpoints that somebody holds
  std::unordered_set<Peer*> peers_;  // borrowed; each leaves before it goes
};

}  // namespace xpc
