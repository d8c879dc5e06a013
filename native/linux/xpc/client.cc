#include "client.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "misuse.h"

namespace xpc {
namespace {

constexpr uint64_t kLongestDelay = 50;  // milliseconds

// The backlog is full, or this process or system is short of something: later it may work.
bool is_temporary(int error) {
  switch (error) {
    case EAGAIN:
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return true;
    default:
      return false;
  }
}

}  // namespace

void Client::set_path(std::string path) {
  if (!is_inactive() || !path_.empty() || !is_by_path_) misuse("the socket path is set once, before activation");
  path_ = std::move(path);
}

void Client::set_policy(const xpc_peer_policy_s& policy) {
  if (!is_inactive()) misuse("the policy is set before activation");
  policy_.set(policy);
}

void Client::connect() {
  retry_.close();
  int error = 0;
  Socket socket = dial(error);
  if (is_temporary(error)) {
    retry_later();
  } else if (error == 0 && !may_dial(socket)) {
    refuse();
  } else if (error != 0 || !open_channel(std::move(socket), wire::Kind::client_hello, wire::Kind::service_hello)) {
    fail();
  } else {
    delay_ = 0;
  }
}

Socket Client::dial(int& error) const {
  Socket socket = endpoint_ ? endpoint_->connect(error) : Socket::connect(path_, error);
  if (socket && policy_.needs_process()) socket.identify_processes();
  return socket;
}

// Whoever listened first may be a supervisor that starts the service. By default messages go out before that has said
// who it is, so its supervisor must be trusted as well.
bool Client::may_dial(const Socket& socket) const {
  return policy_.is_explicit() || !policy_.refusal(endpoint_ ? endpoint_->maker() : socket.peer(), {});
}

// There is no event to wait for, and no end: whoever waits for an answer has a deadline.
void Client::retry_later() {
  delay_ = std::clamp<uint64_t>(delay_ * 2, 1, kLongestDelay);
  retry_ = LoopHandle<uv_timer_t>::open(*queue(), this,
                                        [&](uv_timer_t* timer) { return uv_timer_init(queue()->loop(), timer); });
  uv_timer_start(
      retry_.get(),
      [](uv_timer_t* timer) {
        const Ref<Client> client(static_cast<Client*>(timer->data));
        const Burst burst(*client->queue());
        client->connect();
      },
      delay_, 0);
}

void Client::did_append() {
  if (!has_channel() && !retry_) connect();
}

bool Client::accept_hello(const Channel& channel) {
  if (!channel.sender() || policy_.refusal(*channel.sender(), channel.sender_process())) {
    refuse();
    return false;
  }
  service_.set(*channel.sender());
  return true;
}

void Client::refuse() {
  is_refusal_due_ = true;
  fail_pending(XPC_ERROR_PEER_CODE_SIGNING_REQUIREMENT);
  fail();
}

// As on macOS, all that was under way or waiting is lost: what comes next starts anew with another process.
void Client::did_disconnect() {
  service_.set({});
  if (!is_by_path_) {
    fail();
    return;
  }
  is_interruption_due_ = true;
  fail_pending(XPC_ERROR_CONNECTION_INTERRUPTED);
}

void Client::stop() {
  retry_.close();
  // A message that somebody keeps keeps its connection, but needs no descriptor of it.
  endpoint_ = {};
  MessageConnection::stop();
}

void Client::run_due() {
  MessageConnection::run_due();
  if (queue() == nullptr) return;
  if (std::exchange(is_interruption_due_, false)) deliver(XPC_ERROR_CONNECTION_INTERRUPTED);
  if (std::exchange(is_refusal_due_, false)) deliver(XPC_ERROR_PEER_CODE_SIGNING_REQUIREMENT);
}

}  // namespace xpc
