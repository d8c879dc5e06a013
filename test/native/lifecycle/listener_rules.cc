// Listeners, the peers they hand out, endpoints, and whom either end trusts.
#include <unistd.h>

#include <string>
#include <vector>

#include "rule.h"

using namespace lifecycle;

namespace {

void send(xpc_connection_t connection, int64_t number) {
  const Held sent = message(number);
  xpc_connection_send_message(connection, sent);
}

// A listener that keeps its peers as they are, inactive.
std::vector<xpc_connection_t>* keep_peers(Bench& bench, xpc_connection_t listener) {
  static std::vector<xpc_connection_t> kept;
  kept.clear();
  xpc_connection_set_event_handler(listener, [&bench](xpc_object_t event) {
    bench.note("listener " + name_of(event));
    if (xpc_get_type(event) != XPC_TYPE_CONNECTION) return;
    kept.push_back(bench.own(static_cast<xpc_connection_t>(xpc_retain(event))));
    bench.note_events(kept.back(), "peer");
  });
  xpc_connection_activate(listener);
  return &kept;
}

}  // namespace

RULE(listener_gets_connections_only) {
  bench.service();
  const xpc_connection_t client = bench.client();
  xpc_connection_activate(client);
  send(client, 1);
  bench.request(client, 2);
  UNTIL_NOTED("client reply message 2");
  EXPECT(bench.count("listener peer") == 1);
  for (const std::string& entry : bench.log()) EXPECT(!entry.starts_with("listener message"));
}

RULE(each_client_has_a_peer_of_its_own) {
  bench.service();
  const xpc_connection_t first = bench.connected_client();
  const xpc_connection_t second = bench.client("second");
  xpc_connection_activate(second);
  bench.request(second, 2, "second");
  bench.request(first, 1);
  UNTIL(bench.has("second reply message 2") && bench.has("client reply message 1"));
  EXPECT(bench.has("peer message 1") && bench.has("peer2 message 2"));
  xpc_connection_cancel(second);
  UNTIL_NOTED("peer2 invalid");
  bench.settle();
  EXPECT(!bench.has("peer invalid"));
}

RULE(peers_arrive_inactive) {
  const auto* const peers = keep_peers(bench, bench.listener());
  const xpc_connection_t client = bench.client();
  xpc_connection_activate(client);
  send(client, 1);
  UNTIL_NOTED("listener peer");
  bench.settle();
  EXPECT_LOG("listener peer");
  xpc_connection_activate(peers->front());
  UNTIL_NOTED("peer message 1");
}

RULE(peer_that_nobody_keeps_ends) {
  const xpc_connection_t listener = bench.listener();
  xpc_connection_activate(listener);
  const xpc_connection_t client = bench.client();
  xpc_connection_activate(client);
  bench.request(client, 1);
  UNTIL(bench.has("client reply interrupted") && bench.has("client interrupted"));
}

RULE(peer_cancelled_instead_of_activated) {
  const xpc_connection_t listener = bench.listener();
  xpc_connection_set_event_handler(listener, [&](xpc_object_t event) {
    bench.note("listener " + name_of(event));
    if (xpc_get_type(event) == XPC_TYPE_CONNECTION) xpc_connection_cancel(static_cast<xpc_connection_t>(event));
  });
  xpc_connection_activate(listener);
  const xpc_connection_t client = bench.client();
  xpc_connection_activate(client);
  bench.request(client, 1);
  UNTIL(bench.has("client reply interrupted") && bench.has("client interrupted"));
  EXPECT(bench.has("listener peer"));
}

RULE(listener_without_its_socket_is_invalid) {
  const xpc_connection_t listener = bench.own(xpc_connection_create_mach_service(
      "com.example.nobody", bench.queue(), XPC_CONNECTION_MACH_SERVICE_LISTENER));
  bench.note_events(listener, "listener");
  xpc_connection_activate(listener);
  EXPECT(bench.log().empty());
  UNTIL_NOTED("listener invalid");
}

RULE(name_without_listener_is_invalid) {
  const xpc_connection_t client = bench.client();
  bench.request(client, 1);
  xpc_connection_activate(client);
  UNTIL_NOTED("client invalid");
  bench.settle();
  EXPECT_LOG("client reply invalid", "client invalid");
}

RULE(clients_wait_until_the_service_listens) {
  bench.open_service();
  const xpc_connection_t client = bench.client();
  xpc_connection_activate(client);
  bench.request(client, 1);
  bench.settle();
  EXPECT(bench.log().empty());
  bench.service();
  UNTIL_NOTED("client reply message 1");
}

RULE(credentials_before_and_after_a_message) {
  const xpc_connection_t listener = bench.service();
  const xpc_connection_t client = bench.client();
  EXPECT(xpc_connection_get_pid(client) == 0);
  EXPECT(xpc_connection_get_euid(client) == static_cast<uid_t>(-1));
  EXPECT(xpc_connection_get_egid(client) == static_cast<gid_t>(-1));
  EXPECT(xpc_connection_get_pid(listener) == getpid());
  xpc_connection_activate(client);
  bench.request(client, 1);
  UNTIL_NOTED("client reply message 1");
  for (const xpc_connection_t connection : {client, bench.peers().front()}) {
    EXPECT(xpc_connection_get_pid(connection) == getpid());
    EXPECT(xpc_connection_get_euid(connection) == geteuid());
    EXPECT(xpc_connection_get_egid(connection) == getegid());
  }
}

// --- Whom they trust.

RULE(refused_peer_reaches_no_handler) {
  const xpc_connection_t listener = bench.listener();
  const uid_t nobody[] = {geteuid() + 1};
  xpc_peer_policy_s policy;
  policy.users = nobody;
  xpc_connection_set_peer_policy(listener, &policy);
  struct Refusals {
    int count = 0;
    xpc_peer_refusal_t why{};
    pid_t pid = 0;
    uid_t uid = 0;
  } refusals;
  xpc_connection_set_refused_handler(
      listener,
      [](void* context, xpc_peer_refusal_t why, pid_t pid, uid_t uid, gid_t) {
        auto* told = static_cast<Refusals*>(context);
        *told = {told->count + 1, why, pid, uid};
      },
      &refusals);
  bench.serve(listener);
  const xpc_connection_t client = bench.client();
  xpc_connection_activate(client);
  bench.request(client, 1);
  UNTIL_NOTED("client reply interrupted");
  bench.settle();
  EXPECT(refusals.count == 1 && refusals.why == XPC_PEER_REFUSED_USER);
  EXPECT(refusals.pid == getpid() && refusals.uid == geteuid());
  EXPECT(!bench.has("listener peer"));
}

RULE(refusal_names_the_executable) {
  const xpc_connection_t listener = bench.listener();
  const std::string programs[] = {"/usr/bin/something-else"};
  xpc_peer_policy_s policy;
  policy.executables = programs;
  xpc_connection_set_peer_policy(listener, &policy);
  xpc_peer_refusal_t refusal{};
  xpc_connection_set_refused_handler(
      listener,
      [](void* context, xpc_peer_refusal_t why, pid_t, uid_t, gid_t) {
        *static_cast<xpc_peer_refusal_t*>(context) = why;
      },
      &refusal);
  bench.serve(listener);
  const xpc_connection_t client = bench.client();
  xpc_connection_activate(client);
  bench.request(client, 1);
  UNTIL_NOTED("client reply interrupted");
  EXPECT(refusal == XPC_PEER_REFUSED_EXECUTABLE && !bench.has("listener peer"));
}

RULE(service_that_is_not_trusted) {
  bench.service();
  const xpc_connection_t client = bench.client();
  const gid_t nobody[] = {getegid() + 1};
  xpc_peer_policy_s policy;
  policy.groups = nobody;
  xpc_connection_set_peer_policy(client, &policy);
  xpc_connection_activate(client);
  bench.request(client, 1);
  UNTIL_NOTED("client invalid");
  bench.settle();
  EXPECT(bench.count("client requirement") == 1 && bench.count("client reply requirement") == 1);
}

RULE(policy_after_activation_aborts) {
  bench.service();
  const xpc_peer_policy_s policy;
  xpc_connection_set_peer_policy(bench.connected_client(), &policy);
}
