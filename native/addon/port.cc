#include "port.h"

#include <cstdlib>
#include <cstring>

#include "connection.h"
#include "external_buffer.h"
#include "listener.h"

namespace launchport {
namespace {

// A handler's drain of a whole burst may take several deliveries; more than this many wait for a later turn.
constexpr int kBatchesPerTurn = 64;

// LAUNCHPORT_FORCE_TRANSCODE=1: bodies go through the transcoder even where the system has a fast path.
bool is_transcoding_forced() {
  const char* value = std::getenv("LAUNCHPORT_FORCE_TRANSCODE");
  return value != nullptr && std::strcmp(value, "1") == 0;
}

// Hands a body over without copying it, where the engine allows memory of others.
Napi::Value to_array_buffer(Napi::Env env, Body body) {
  auto owner = std::make_unique<Body>(std::move(body));
  const Bytes bytes = owner->bytes();
  napi_value buffer = nullptr;
  if (create_external_buffer(env, const_cast<uint8_t*>(bytes.data()), bytes.size(), owner, &buffer) == napi_ok) {
    return Napi::Value(env, buffer);
  }
  Napi::ArrayBuffer copy = Napi::ArrayBuffer::New(env, bytes.size());
  if (!copy.IsEmpty() && owner != nullptr) std::memcpy(copy.Data(), bytes.data(), bytes.size());
  return copy;
}

void report_exception(Napi::Env env) {
  bool is_pending = false;
  napi_value exception;
  if (napi_is_exception_pending(env, &is_pending) != napi_ok || !is_pending) return;
  if (napi_get_and_clear_last_exception(env, &exception) == napi_ok) napi_fatal_exception(env, exception);
}

}  // namespace

Credentials credentials_of(xpc_connection_t connection) {
  Credentials credentials;
  const pid_t pid = xpc_connection_get_pid(connection);
  credentials.euid = xpc_connection_get_euid(connection);
  credentials.egid = xpc_connection_get_egid(connection);
  credentials.asid = static_cast<uint32_t>(xpc_connection_get_asid(connection));
  // Before contact XPC reports pid 0 and ids of all ones.
  if (pid > 0) credentials.pid = static_cast<uint32_t>(pid);
  platform::read_audit_token(connection, &credentials.token);
  return credentials;
}

Port::Port(Environment& environment, Napi::Function deliver, Napi::ArrayBuffer inbox)
    : environment_(environment),
      codec_(is_transcoding_forced(), rights_),
      deliver_(Napi::Persistent(deliver)),
      inbox_buffer_(Napi::Reference<Napi::ArrayBuffer>::New(inbox, 1)),
      async_context_(std::make_unique<Napi::AsyncContext>(deliver.Env(), "launchport")),
      queue_(deliver.Env(), [](void* port) { static_cast<Port*>(port)->drain(); }, this) {}

uint32_t Port::add(std::shared_ptr<Channel> channel) {
  const std::lock_guard lock(channels_mutex_);
  if (is_closed()) return 0;
  const bool is_listener = channel->as_connection() == nullptr;
  const uint32_t handle = channels_.insert(std::move(channel));
  if (handle != 0 && is_listener) ++listeners_;
  return handle;
}

std::shared_ptr<Channel> Port::find(uint32_t handle) {
  const std::lock_guard lock(channels_mutex_);
  const std::shared_ptr<Channel>* found = channels_.find(handle);
  return found == nullptr ? nullptr : *found;
}

uint32_t Port::connect(const ConnectTarget& target, Problem* problem) {
  ConnectionRef connection;
  if (target.endpoint.has_value()) {
    const Object endpoint = rights_.find_endpoint(*target.endpoint);
    if (!endpoint) {
      *problem = Problem::type_error("endpoint must be an endpoint of this port");
      return 0;
    }
    connection = ConnectionRef::adopt(xpc_connection_create_from_endpoint(static_cast<xpc_endpoint_t>(endpoint.get())));
    xpc_connection_set_target_queue(connection.get(), queue_.get());
  } else {
    connection = platform::create_client(target, queue_.get());
  }
  if (!require(connection, target.requirement, problem)) return 0;
  const auto requirement = std::make_shared<const PeerRequirement>(target.requirement);
  return std::make_shared<Connection>(shared_from_this(), connection, Role::client, requirement)->open();
}

uint32_t Port::listen(const ListenTarget& target, Problem* problem) {
  const ConnectionRef connection = target.name.empty()
                                       ? ConnectionRef::adopt(xpc_connection_create(nullptr, queue_.get()))
                                       : platform::create_listener(target, queue_.get());
  if (!require(connection, target.requirement, problem)) return 0;
  const auto requirement = std::make_shared<const PeerRequirement>(target.requirement);
  const auto listener = std::make_shared<Listener>(shared_from_this(), connection, requirement);
  platform::report_refused(*listener);
  return listener->open();
}

bool Port::require(const ConnectionRef& connection, const PeerRequirement& requirement, Problem* problem) {
  *problem = platform::set_requirement(connection.get(), requirement);
  if (!*problem) return true;
  discard(connection.get());
  return false;
}

uint32_t Port::make_endpoint(uint32_t listener, Problem* problem) {
  const std::shared_ptr<Channel> channel = find(listener);
  // XPC aborts for a peer, and an endpoint of a client is of no use.
  if (channel == nullptr || channel->as_connection() != nullptr) {
    *problem = Problem::type_error("handle must be that of a listener of this port");
    return 0;
  }
  Object endpoint = channel->make_endpoint();
  if (endpoint) return rights_.insert_endpoint(std::move(endpoint));
  *problem = Problem::invalid("the system makes no endpoint of this listener");
  return 0;
}

uint32_t Port::make_memory(size_t byte_length, Problem* problem) {
  std::shared_ptr<SharedMemory> memory = SharedMemory::create(byte_length, problem);
  return memory == nullptr ? 0 : rights_.insert_memory(std::move(memory));
}

void Port::activate(uint32_t handle) {
  if (const std::shared_ptr<Channel> channel = find(handle)) channel->activate();
}

void Port::cancel(uint32_t handle) {
  if (const std::shared_ptr<Channel> channel = find(handle)) channel->cancel();
}

void Port::suspend(uint32_t handle) {
  if (const std::shared_ptr<Channel> channel = find(handle)) channel->suspend();
}

bool Port::resume(uint32_t handle) {
  const std::shared_ptr<Channel> channel = find(handle);
  return channel == nullptr || channel->resume();
}

void Port::barrier(uint32_t handle) {
  const std::shared_ptr<Channel> channel = find(handle);
  if (Connection* connection = channel == nullptr ? nullptr : channel->as_connection()) connection->report_when_sent();
}

Credentials Port::peer(uint32_t handle) {
  const std::shared_ptr<Channel> channel = find(handle);
  return channel != nullptr && channel->as_connection() != nullptr ? credentials_of(channel->get()) : Credentials();
}

void Port::send(const OutRecord& record) {
  if (record.kind == Outbound::reply) {
    // The token alone says where the reply goes: XPC aborts when it is sent elsewhere.
    if (std::optional<PendingReply> pending = replies_.take(record.id)) {
      pending->connection->send_reply(std::move(pending->reply), record.payload);
    }
    return;
  }
  const std::shared_ptr<Channel> channel = find(record.handle);
  Connection* connection = channel == nullptr ? nullptr : channel->as_connection();
  if (record.kind == Outbound::message) {
    // A message to a connection that is gone vanishes, as it does in XPC; the final event told of it.
    if (connection != nullptr) connection->send_message(record.payload);
  } else if (connection != nullptr) {
    connection->send_request(record.id, record.payload);
  } else {
    report_request_failed(record.handle, record.id, Failure::invalid, "there is no such connection");
    notify_from_js();
  }
}

void Port::set_active(bool is_active) {
  if (!is_closed()) queue_.set_active(is_active);
}

void Port::set_busy(bool is_busy) {
  if (is_closed() || is_busy == is_busy_) return;
  is_busy_ = is_busy;
  if (is_busy) {
    xpc_transaction_begin();
  } else {
    xpc_transaction_end();
  }
}

void Port::announce_termination() {
  if (!is_closed()) platform::announce_termination(queue_.get());
}

Statistics Port::statistics() {
  Statistics statistics;
  {
    const std::lock_guard lock(channels_mutex_);
    statistics.listeners = listeners_;
    statistics.connections = channels_.size() - listeners_;
  }
  statistics.open_tokens = replies_.size();
  statistics.messages_sent = sent_.load(std::memory_order_relaxed);
  statistics.messages_received = received_.load(std::memory_order_relaxed);
  statistics.deliveries = deliveries_;
  statistics.wake_ups = wake_ups_;
  statistics.peers_refused = refused_.load(std::memory_order_relaxed);
  statistics.rights = rights_.size();
  return statistics;
}

void Port::report_body(Inbound kind, uint32_t handle, uint32_t id, Body body) {
  received_.fetch_add(1, std::memory_order_relaxed);
  appended(inbox_.append_body(kind, handle, id, std::move(body)));
}

void Port::report_event(uint32_t handle, Event event, Failure failure, std::string_view text) {
  appended(inbox_.append_reason(Inbound::event, handle, static_cast<uint32_t>(event), failure, text));
}

void Port::report_request_failed(uint32_t handle, uint32_t id, Failure failure, std::string_view text) {
  appended(inbox_.append_reason(Inbound::request_failed, handle, id, failure, text));
}

void Port::report_peer(Inbound kind, uint32_t handle, uint32_t peer, const Credentials& credentials) {
  appended(inbox_.append_credentials(kind, handle, peer, credentials));
}

void Port::report_finished(Channel& channel, std::string_view reason) {
  if (channel.handle() == 0) return;
  if (const Connection* connection = channel.as_connection()) replies_.remove_all_of(*connection);
  std::optional<std::shared_ptr<Channel>> removed;  // released last
  {
    const std::lock_guard lock(channels_mutex_);
    removed = channels_.take(channel.handle());
    if (removed.has_value() && channel.as_connection() == nullptr) --listeners_;
  }
  // Whoever hears of it finds it gone.
  report_event(channel.handle(), Event::invalid, Failure::invalid, reason);
}

void Port::appended(bool is_high) {
  if (is_high) queue_.pause();
  queue_.notify_from_handler();
}

void Port::drain() {
  if (is_closed() || is_draining_) return;
  // A callback may close the port and let go of it.
  const std::shared_ptr<Port> self = shared_from_this();
  const Napi::Env env = environment_.env();
  ++wake_ups_;
  is_draining_ = true;
  int batches = 0;
  while (batches < kBatchesPerTurn && deliver_batch(env)) ++batches;
  is_draining_ = false;
  if (is_closed()) {
    async_context_.reset();
    return;
  }
  queue_.resume();
  if (batches == kBatchesPerTurn) queue_.notify_from_js();
}

bool Port::deliver_batch(Napi::Env env) {
  const Napi::HandleScope scope(env);
  void* data = nullptr;
  size_t size = 0;
  if (napi_get_arraybuffer_info(env, inbox_buffer_.Value(), &data, &size) != napi_ok || size == 0) {
    close();
    napi_fatal_exception(env, Napi::TypeError::New(env, "the inbox of a port was detached").Value());
    return false;
  }
  large_.clear();
  const size_t length = inbox_.take({static_cast<uint8_t*>(data), size}, &large_);
  if (length == 0) return false;
  call_deliver(env, length);
  return !is_closed();
}

void Port::call_deliver(Napi::Env env, size_t byte_length) {
  napi_value arguments[2] = {Napi::Number::New(env, static_cast<double>(byte_length)), nullptr};
  const size_t count = large_.empty() ? 1 : 2;
  if (count == 2) {
    Napi::Array large = Napi::Array::New(env, large_.size());
    for (size_t i = 0; i < large_.size(); ++i) {
      large.Set(static_cast<uint32_t>(i), to_array_buffer(env, std::move(large_[i])));
    }
    large_.clear();
    arguments[1] = large;
  }
  ++deliveries_;
  napi_value result;
  napi_make_callback(env, *async_context_, env.Global(), deliver_.Value(), count, arguments, &result);
  report_exception(env);
}

void Port::close() {
  set_busy(false);
  if (is_closed_.exchange(true)) return;
  const std::shared_ptr<Port> self = shared_from_this();
  std::vector<std::shared_ptr<Channel>> channels;
  {
    const std::lock_guard lock(channels_mutex_);
    channels = channels_.take_all();
    listeners_ = 0;
  }
  replies_.close();
  for (const std::shared_ptr<Channel>& channel : channels) channel->cancel();
  inbox_.close();
  rights_.close();
  deliver_.Reset();
  inbox_buffer_.Reset();
  // Inside a delivery the context is in use.
  if (!is_draining_) async_context_.reset();
  environment_.close_begins();
  queue_.close([environment = environment_.shared_from_this()]() { environment->close_ends(); });
  environment_.remove(self);
}

}  // namespace launchport
