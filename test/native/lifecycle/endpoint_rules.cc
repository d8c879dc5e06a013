// Anonymous listeners and endpoints.
#include "rule.h"

using namespace lifecycle;

namespace {

xpc_connection_t connect(Bench& bench, xpc_object_t endpoint, const std::string& name = "client") {
  const xpc_connection_t client =
      bench.own(xpc_connection_create_from_endpoint(static_cast<xpc_endpoint_t>(endpoint)));
  xpc_connection_set_target_queue(client, bench.queue());
  bench.note_events(client, name);
  return client;
}

}  // namespace

RULE(anonymous_listener_serves_its_own_process) {
  const xpc_connection_t listener = bench.anonymous_service();
  EXPECT(xpc_connection_get_name(listener) == nullptr);
  const Held endpoint(xpc_endpoint_create(listener));
  EXPECT(xpc_get_type(endpoint) == XPC_TYPE_ENDPOINT);
  const xpc_connection_t client = connect(bench, endpoint);
  xpc_connection_activate(client);
  bench.request(client, 1);
  UNTIL_NOTED("client reply message 1");
}

RULE(endpoint_is_inert) {
  const Held endpoint(xpc_endpoint_create(bench.anonymous_service()));
  const xpc_connection_t client = connect(bench, endpoint);
  bench.settle();
  EXPECT(bench.log().empty());
  xpc_connection_activate(client);
  UNTIL_NOTED("listener peer");
}

RULE(connections_of_one_endpoint_are_independent) {
  const Held endpoint(xpc_endpoint_create(bench.anonymous_service()));
  const xpc_connection_t first = connect(bench, endpoint, "first");
  const xpc_connection_t second = connect(bench, endpoint, "second");
  EXPECT(first != second);
  xpc_connection_activate(first);
  xpc_connection_activate(second);
  bench.request(first, 1, "first");
  bench.request(second, 2, "second");
  UNTIL(bench.has("first reply message 1") && bench.has("second reply message 2"));
  EXPECT(bench.peers().size() == 2);
  xpc_connection_cancel(first);
  UNTIL_NOTED("first invalid");
  bench.request(second, 3, "second");
  UNTIL_NOTED("second reply message 3");
  EXPECT(!bench.has("second invalid"));
}

RULE(endpoint_outlives_its_reference_in_a_connection) {
  Held endpoint(xpc_endpoint_create(bench.anonymous_service()));
  const xpc_connection_t client = connect(bench, endpoint);
  endpoint.reset();
  xpc_connection_activate(client);
  bench.request(client, 1);
  UNTIL_NOTED("client reply message 1");
}

RULE(endpoint_travels_in_a_message) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  const xpc_connection_t listener = bench.own(xpc_connection_create(nullptr, bench.queue()));
  xpc_connection_set_event_handler(listener, [&](xpc_object_t event) {
    bench.note("anonymous " + name_of(event));
    if (xpc_get_type(event) != XPC_TYPE_CONNECTION) return;
    const auto peer = bench.own(static_cast<xpc_connection_t>(xpc_retain(event)));
    xpc_connection_set_event_handler(peer, [peer](xpc_object_t question) {
      if (xpc_get_type(question) == XPC_TYPE_DICTIONARY) answer(peer, question);
    });
    xpc_connection_activate(peer);
  });
  xpc_connection_activate(listener);
  xpc_connection_t made = nullptr;
  bench.set_action([&](xpc_connection_t, xpc_object_t received) {
    const xpc_object_t endpoint = xpc_dictionary_get_value(received, "endpoint");
    if (endpoint != nullptr && xpc_get_type(endpoint) == XPC_TYPE_ENDPOINT) made = connect(bench, endpoint, "made");
  });
  const Held sent = message(1);
  xpc_dictionary_set_value(sent, "endpoint", Held(xpc_endpoint_create(listener)));
  xpc_connection_send_message(client, sent);
  UNTIL(made != nullptr);
  xpc_connection_activate(made);
  bench.request(made, 2, "made");
  UNTIL_NOTED("made reply message 2");
  EXPECT(bench.has("anonymous peer"));
}

RULE(endpoint_of_a_named_listener) {
  const Held endpoint(xpc_endpoint_create(bench.service()));
  const xpc_connection_t client = connect(bench, endpoint);
  xpc_connection_activate(client);
  bench.request(client, 1);
  UNTIL_NOTED("client reply message 1");
}

RULE(endpoint_of_an_inactive_listener) {
  const xpc_connection_t listener = bench.own(xpc_connection_create(nullptr, bench.queue()));
  const Held endpoint(xpc_endpoint_create(listener));
  const xpc_connection_t client = connect(bench, endpoint);
  xpc_connection_activate(client);
  bench.request(client, 1);
  bench.settle();
  EXPECT(bench.log().empty());
  bench.serve(listener);
  UNTIL_NOTED("client reply message 1");
}

RULE(endpoint_connection_ends_with_its_listener) {
  const xpc_connection_t listener = bench.anonymous_service();
  const Held endpoint(xpc_endpoint_create(listener));
  const xpc_connection_t client = connect(bench, endpoint);
  xpc_connection_activate(client);
  bench.request(client, 1);
  UNTIL_NOTED("client reply message 1");
  xpc_connection_cancel(listener);
  UNTIL_NOTED("client invalid");
  bench.request(client, 2);
  UNTIL_NOTED("client reply invalid");
  bench.settle();
  EXPECT(!bench.has("client interrupted") && bench.count("client invalid") == 1);
}

RULE(endpoint_connection_ends_with_its_peer) {
  const Held endpoint(xpc_endpoint_create(bench.anonymous_service()));
  const xpc_connection_t client = connect(bench, endpoint);
  xpc_connection_activate(client);
  bench.request(client, 1);
  UNTIL_NOTED("client reply message 1");
  xpc_connection_cancel(bench.peers().front());
  UNTIL_NOTED("client invalid");
  bench.settle();
  EXPECT(!bench.has("client interrupted"));
}

RULE(endpoint_whose_listener_is_gone) {
  const xpc_connection_t listener = bench.anonymous_service();
  const Held endpoint(xpc_endpoint_create(listener));
  xpc_connection_cancel(listener);
  UNTIL_NOTED("listener invalid");
  const xpc_connection_t client = connect(bench, endpoint);
  bench.request(client, 1);
  xpc_connection_activate(client);
  UNTIL_NOTED("client invalid");
  EXPECT(bench.has("client reply invalid") && !bench.has("client interrupted"));
}

RULE(endpoint_of_a_client_aborts) {
  bench.service();
  xpc_endpoint_create(bench.connected_client());
}

RULE(endpoint_of_a_peer_aborts) {
  bench.service();
  bench.connected_client();
  xpc_endpoint_create(bench.peers().front());
}

RULE(released_inactive_anonymous_listener_aborts) { xpc_release(xpc_connection_create(nullptr, bench.queue())); }
