// Errors as events: what each means, and what the connection is afterwards.
#include <string>

#include "rule.h"

using namespace lifecycle;

namespace {

void send(xpc_connection_t connection, int64_t number) {
  const Held sent = message(number);
  xpc_connection_send_message(connection, sent);
}

}  // namespace

RULE(errors_are_singletons) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_connection_set_event_handler(client, [&](xpc_object_t event) {
    if (event == XPC_ERROR_CONNECTION_INVALID && xpc_get_type(event) == XPC_TYPE_ERROR) bench.note("same address");
  });
  xpc_connection_cancel(client);
  UNTIL_NOTED("same address");
}

RULE(errors_can_be_read) {
  for (const xpc_object_t error : {XPC_ERROR_CONNECTION_INTERRUPTED, XPC_ERROR_CONNECTION_INVALID,
                                   XPC_ERROR_TERMINATION_IMMINENT, XPC_ERROR_PEER_CODE_SIGNING_REQUIREMENT}) {
    EXPECT(xpc_get_type(error) == XPC_TYPE_ERROR);
    const char* const description = xpc_dictionary_get_string(error, XPC_ERROR_KEY_DESCRIPTION);
    EXPECT(description != nullptr && *description != '\0');
    EXPECT(xpc_dictionary_get_count(error) == 1);
    EXPECT(xpc_dictionary_get_value(error, "another") == nullptr);
    EXPECT(xpc_retain(error) == error);
    xpc_release(error);
    xpc_release(error);
    EXPECT(xpc_get_type(error) == XPC_TYPE_ERROR);
  }
  EXPECT(std::string(XPC_ERROR_KEY_DESCRIPTION) == "XPCErrorDescription");
}

RULE(error_set_aborts) {
  const Held value(xpc_int64_create(1));
  xpc_dictionary_set_value(XPC_ERROR_CONNECTION_INVALID, "n", value);
}

RULE(error_sent_aborts) {
  bench.service();
  xpc_connection_send_message(bench.connected_client(), XPC_ERROR_CONNECTION_INVALID);
}

RULE(interrupted_connection_goes_on) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_connection_cancel(bench.peers().front());
  UNTIL_NOTED("client interrupted");
  bench.settle();
  // Nothing is connected again before there is something to send.
  EXPECT(bench.peers().size() == 1);
  bench.request(client, 1);
  UNTIL_NOTED("client reply message 1");
  EXPECT(bench.peers().size() == 2);
  EXPECT(!bench.has("client invalid"));
}

RULE(interruption_fails_outstanding_replies) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  bench.set_action([](xpc_connection_t peer, xpc_object_t) { xpc_connection_cancel(peer); });
  bench.request(client, 1);
  UNTIL(bench.has("client reply interrupted") && bench.has("client interrupted"));
  bench.settle();
  EXPECT(bench.count("client reply interrupted") == 1 && bench.count("client interrupted") == 1);
}

RULE(interruption_loses_queued_messages_without_notice) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_connection_suspend(client);
  send(client, 1);
  xpc_connection_cancel(bench.peers().front());
  bench.settle();
  xpc_connection_resume(client);
  UNTIL_NOTED("client interrupted");
  bench.request(client, 2);
  UNTIL_NOTED("client reply message 2");
  EXPECT(!bench.has("peer message 1") && !bench.has("peer2 message 1"));
}

RULE(interrupted_then_invalid) {
  const xpc_connection_t listener = bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_connection_cancel(listener);
  UNTIL_NOTED("client interrupted");
  bench.close_service();
  bench.settle();
  EXPECT(!bench.has("client invalid"));
  bench.request(client, 1);
  UNTIL(bench.has("client invalid") && bench.has("client reply invalid"));
}

RULE(peer_gets_invalid_when_its_client_goes) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_connection_cancel(client);
  UNTIL_NOTED("peer invalid");
  bench.settle();
  EXPECT(bench.count("peer invalid") == 1 && !bench.has("peer interrupted"));
}

RULE(peer_gets_what_its_client_sent_before_it_went) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  for (int64_t number = 1; number <= 3; ++number) send(client, number);
  const Held barrier_message = message(4);
  xpc_connection_send_message(client, barrier_message);
  xpc_connection_send_barrier(client, [client] { xpc_connection_cancel(client); });
  UNTIL_NOTED("peer invalid");
  EXPECT(bench.has("peer message 1") && bench.has("peer message 4"));
  EXPECT(bench.log().back() == "peer invalid" || bench.log().back() == "client invalid");
}

RULE(peer_requests_fail_when_its_client_goes) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_connection_set_event_handler(client, [client](xpc_object_t) { xpc_connection_cancel(client); });
  bench.request(bench.peers().front(), 1, "peer");
  UNTIL_NOTED("peer invalid");
  bench.settle();
  EXPECT(bench.count("peer reply interrupted") + bench.count("peer reply invalid") == 1);
}

RULE(termination_is_told_to_peers_only) {
  bench.service();
  bench.connected_client();
  xpc_loop_queue_announce_termination(bench.queue());
  UNTIL_NOTED("peer terminating");
  bench.settle();
  EXPECT_LOG("peer terminating");
}
