// Values: strict types, what getters say of the wrong one, singletons, containers, copies and comparison.
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "rule.h"

using namespace lifecycle;

namespace {

const uuid_t kUuid = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

// One of each type that has a value, none of them empty or zero.
std::vector<Held> one_of_each() {
  std::vector<Held> all;
  all.emplace_back(xpc_null_create());
  all.emplace_back(xpc_bool_create(true));
  all.emplace_back(xpc_int64_create(-5));
  all.emplace_back(xpc_uint64_create(5));
  all.emplace_back(xpc_double_create(2.5));
  all.emplace_back(xpc_date_create(-7));
  all.emplace_back(xpc_data_create("abc", 3));
  all.emplace_back(xpc_string_create("text"));
  all.emplace_back(xpc_uuid_create(kUuid));
  all.emplace_back(xpc_array_create(nullptr, 0));
  all.emplace_back(xpc_dictionary_create(nullptr, nullptr, 0));
  return all;
}

Held list_of(std::initializer_list<xpc_object_t> values) {
  return Held(xpc_array_create(values.begin(), values.size()));
}

Held pair_of(const char* first, const char* second) {
  const Held one(xpc_int64_create(1));
  const Held two(xpc_string_create("two"));
  const char* const keys[] = {first, second};
  const xpc_object_t values[] = {std::strcmp(first, "a") == 0 ? one.get() : two.get(),
                                 std::strcmp(first, "a") == 0 ? two.get() : one.get()};
  return Held(xpc_dictionary_create(keys, values, 2));
}

bool is_equal_both_ways(xpc_object_t a, xpc_object_t b) { return xpc_equal(a, b) && xpc_equal(b, a); }

}  // namespace

RULE(types_are_strict) {
  const xpc_type_t types[] = {XPC_TYPE_NULL,   XPC_TYPE_BOOL, XPC_TYPE_INT64,  XPC_TYPE_UINT64,
                              XPC_TYPE_DOUBLE, XPC_TYPE_DATE, XPC_TYPE_DATA,   XPC_TYPE_STRING,
                              XPC_TYPE_UUID,   XPC_TYPE_ARRAY, XPC_TYPE_DICTIONARY};
  const std::vector<Held> all = one_of_each();
  for (size_t index = 0; index < all.size(); ++index) EXPECT(xpc_get_type(all[index]) == types[index]);
}

RULE(getters_answer_the_right_type) {
  const std::vector<Held> all = one_of_each();
  EXPECT(xpc_bool_get_value(all[1]));
  EXPECT(xpc_int64_get_value(all[2]) == -5);
  EXPECT(xpc_uint64_get_value(all[3]) == 5);
  EXPECT(xpc_double_get_value(all[4]) == 2.5);
  EXPECT(xpc_date_get_value(all[5]) == -7);
  EXPECT(xpc_data_get_length(all[6]) == 3 && std::memcmp(xpc_data_get_bytes_ptr(all[6]), "abc", 3) == 0);
  EXPECT(xpc_string_get_length(all[7]) == 4 && std::strcmp(xpc_string_get_string_ptr(all[7]), "text") == 0);
  EXPECT(std::memcmp(xpc_uuid_get_bytes(all[8]), kUuid, sizeof kUuid) == 0);
}

RULE(getters_of_the_wrong_type) {
  for (const Held& value : one_of_each()) {
    const xpc_type_t type = xpc_get_type(value);
    if (type != XPC_TYPE_BOOL) EXPECT(!xpc_bool_get_value(value));
    if (type != XPC_TYPE_INT64) EXPECT(xpc_int64_get_value(value) == 0);
    if (type != XPC_TYPE_UINT64) EXPECT(xpc_uint64_get_value(value) == 0);
    if (type != XPC_TYPE_DOUBLE) EXPECT(std::isnan(xpc_double_get_value(value)));
    if (type != XPC_TYPE_DATE) EXPECT(xpc_date_get_value(value) == 0);
    if (type != XPC_TYPE_DATA) EXPECT(xpc_data_get_length(value) == 0 && xpc_data_get_bytes_ptr(value) == nullptr);
    if (type != XPC_TYPE_STRING) {
      EXPECT(xpc_string_get_length(value) == 0 && xpc_string_get_string_ptr(value) == nullptr);
    }
    if (type != XPC_TYPE_UUID) EXPECT(xpc_uuid_get_bytes(value) == nullptr);
  }
}

RULE(missing_keys_are_null) {
  const Held dictionary = message(1);
  EXPECT(xpc_dictionary_get_value(dictionary, "missing") == nullptr);
  EXPECT(xpc_dictionary_get_string(dictionary, "missing") == nullptr);
  // There, and of another type.
  EXPECT(xpc_dictionary_get_string(dictionary, "n") == nullptr);
}

RULE(null_is_a_singleton) {
  const xpc_object_t null = xpc_null_create();
  EXPECT(null == xpc_null_create());
  xpc_release(null);
  xpc_release(null);
  EXPECT(xpc_get_type(null) == XPC_TYPE_NULL);
}

RULE(bools_are_two_singletons) {
  EXPECT(xpc_bool_create(true) == xpc_bool_create(true));
  EXPECT(xpc_bool_create(false) == xpc_bool_create(false));
  EXPECT(xpc_bool_create(true) != xpc_bool_create(false));
  EXPECT(!xpc_equal(xpc_bool_create(true), xpc_bool_create(false)));
}

RULE(numbers_are_exact) {
  for (const int64_t number : {INT64_MIN, INT64_MAX, int64_t{1} << 53, (int64_t{1} << 53) + 1}) {
    EXPECT(xpc_int64_get_value(Held(xpc_int64_create(number))) == number);
    EXPECT(xpc_date_get_value(Held(xpc_date_create(number))) == number);
  }
  EXPECT(xpc_uint64_get_value(Held(xpc_uint64_create(UINT64_MAX))) == UINT64_MAX);
  EXPECT(std::signbit(xpc_double_get_value(Held(xpc_double_create(-0.0)))));
}

RULE(strings_end_at_nul) {
  const Held text(xpc_string_create("a\0b"));
  EXPECT(xpc_string_get_length(text) == 1);
}

RULE(strings_may_be_invalid_utf8) {
  const Held text(xpc_string_create("\xff\xfe"));
  EXPECT(xpc_string_get_length(text) == 2);
}

RULE(empty_data) {
  const Held data(xpc_data_create(nullptr, 0));
  EXPECT(xpc_get_type(data) == XPC_TYPE_DATA && xpc_data_get_length(data) == 0);
}

RULE(setting_null_removes) {
  const Held dictionary = message(1);
  xpc_dictionary_set_value(dictionary, "n", nullptr);
  xpc_dictionary_set_value(dictionary, "missing", nullptr);
  EXPECT(xpc_dictionary_get_count(dictionary) == 0);
}

RULE(null_object_is_a_value) {
  const Held dictionary = message(1);
  xpc_dictionary_set_value(dictionary, "n", xpc_null_create());
  EXPECT(xpc_dictionary_get_count(dictionary) == 1);
  EXPECT(xpc_get_type(xpc_dictionary_get_value(dictionary, "n")) == XPC_TYPE_NULL);
}

RULE(keys_are_unique) {
  const Held dictionary = message(1);
  const Held two(xpc_int64_create(2));
  xpc_dictionary_set_value(dictionary, "n", two);
  EXPECT(xpc_dictionary_get_count(dictionary) == 1 && number_of(dictionary) == 2);
}

RULE(keys_are_bytes) {
  const Held dictionary = message(1);
  const Held two(xpc_int64_create(2));
  for (const char* key : {"", "\xff", "\xc3\xa9", "a b\n"}) {
    xpc_dictionary_set_value(dictionary, key, two);
    EXPECT(xpc_dictionary_get_value(dictionary, key) == two.get());
  }
  EXPECT(xpc_dictionary_get_count(dictionary) == 5);
}

RULE(apply_sees_each_once_and_may_stop) {
  const Held dictionary = pair_of("a", "b");
  std::string keys;
  EXPECT(xpc_dictionary_apply(dictionary, [&](const char* key, xpc_object_t) {
    keys += key;
    return true;
  }));
  EXPECT(keys == "ab" || keys == "ba");
  int calls = 0;
  EXPECT(!xpc_dictionary_apply(dictionary, [&](const char*, xpc_object_t) { return ++calls > 1; }));
  EXPECT(calls == 1);
  const Held array = list_of({dictionary, dictionary});
  EXPECT(!xpc_array_apply(array, [&](size_t index, xpc_object_t) { return index > 0; }));
  EXPECT(xpc_array_apply(array, [&](size_t, xpc_object_t value) { return value == dictionary.get(); }));
}

RULE(mutation_during_apply_aborts) {
  const Held dictionary = message(1);
  xpc_dictionary_apply(dictionary, [&](const char* key, xpc_object_t) {
    xpc_dictionary_set_value(dictionary, key, nullptr);
    return true;
  });
}

RULE(null_in_an_array_aborts) {
  const Held array = list_of({});
  xpc_array_append_value(array, nullptr);
}

RULE(array_index_out_of_range_aborts) {
  const Held array = list_of({xpc_null_create()});
  xpc_array_get_value(array, 1);
}

RULE(retain_of_null_aborts) { xpc_retain(nullptr); }

RULE(release_of_null_aborts) { xpc_release(nullptr); }

RULE(containers_keep_their_values) {
  Held value(xpc_string_create("kept"));
  Held array = list_of({value});
  value.reset();
  const Held borrowed(xpc_retain(xpc_array_get_value(array, 0)));
  array.reset();
  EXPECT(std::strcmp(xpc_string_get_string_ptr(borrowed), "kept") == 0);
}

RULE(children_of_a_message_outlive_it_when_retained) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  xpc_object_t child = nullptr;
  bench.set_action([&](xpc_connection_t, xpc_object_t received) {
    child = xpc_retain(xpc_dictionary_get_value(received, "text"));
  });
  const Held sent = message(1);
  xpc_dictionary_set_value(sent, "text", Held(xpc_string_create("kept")));
  xpc_connection_send_message(client, sent);
  UNTIL(child != nullptr);
  bench.settle();
  const Held held(child);
  EXPECT(std::strcmp(xpc_string_get_string_ptr(held), "kept") == 0);
}

RULE(copies_of_containers_are_deep) {
  const Held inner = message(1);
  const Held outer = list_of({inner});
  const Held copy(xpc_copy(outer));
  EXPECT(is_equal_both_ways(copy, outer));
  xpc_dictionary_set_value(inner, "n", nullptr);
  EXPECT(xpc_array_get_value(copy, 0) != inner.get());
  EXPECT(number_of(xpc_array_get_value(copy, 0)) == 1);
}

RULE(copies_of_values_are_equal) {
  for (const Held& value : one_of_each()) {
    const Held copy(xpc_copy(value));
    EXPECT(copy != nullptr && is_equal_both_ways(copy, value));
  }
}

RULE(connections_cannot_be_copied) {
  bench.service();
  EXPECT(xpc_copy(bench.connected_client()) == nullptr);
}

RULE(equal_means_same_type_and_value) {
  const std::vector<Held> left = one_of_each();
  const std::vector<Held> right = one_of_each();
  for (size_t i = 0; i < left.size(); ++i) {
    for (size_t j = 0; j < right.size(); ++j) EXPECT(xpc_equal(left[i], right[j]) == (i == j));
  }
  EXPECT(!xpc_equal(Held(xpc_int64_create(1)), Held(xpc_uint64_create(1))));
  EXPECT(!xpc_equal(Held(xpc_int64_create(1)), Held(xpc_date_create(1))));
  EXPECT(!xpc_equal(Held(xpc_int64_create(1)), Held(xpc_int64_create(2))));
}

RULE(dictionaries_are_equal_in_any_order) {
  const Held forth = pair_of("a", "b");
  const Held back = pair_of("b", "a");
  EXPECT(is_equal_both_ways(forth, back) && xpc_hash(forth) == xpc_hash(back));
  const Held other = message(1);
  EXPECT(!xpc_equal(forth, other) && !xpc_equal(other, forth));
}

RULE(arrays_are_equal_in_order) {
  const Held one = message(1);
  const Held two = message(2);
  EXPECT(is_equal_both_ways(list_of({one, two}), list_of({one, two})));
  EXPECT(!xpc_equal(list_of({one, two}), list_of({two, one})));
  EXPECT(!xpc_equal(list_of({one, two}), list_of({one})));
}

RULE(equal_objects_have_equal_hashes) {
  const std::vector<Held> left = one_of_each();
  const std::vector<Held> right = one_of_each();
  for (size_t index = 0; index < left.size(); ++index) EXPECT(xpc_hash(left[index]) == xpc_hash(right[index]));
  EXPECT(xpc_hash(Held(xpc_double_create(0.0))) == xpc_hash(Held(xpc_double_create(-0.0))) ||
         !xpc_equal(Held(xpc_double_create(0.0)), Held(xpc_double_create(-0.0))));
}

RULE(descriptions_are_for_people) {
  for (const Held& value : one_of_each()) {
    char* const text = xpc_copy_description(value);
    const bool is_told = text != nullptr && *text != '\0';
    std::free(text);
    EXPECT(is_told);
  }
}

RULE(serialization_gives_the_value_back) {
  const Held sent = pair_of("a", "b");
  for (const Held& value : one_of_each()) xpc_dictionary_set_value(sent, "v", value);
  size_t length = 0;
  void* const bytes = xpc_make_serialization(sent, &length);
  EXPECT(bytes != nullptr && length > 8);
  const Held back(xpc_create_from_serialization(bytes, length));
  std::free(bytes);
  EXPECT(back != nullptr && is_equal_both_ways(back, sent));
}

RULE(values_arrive_as_they_were) {
  bench.service();
  const xpc_connection_t client = bench.connected_client();
  const Held sent = message(1);
  const Held list = list_of({});
  for (const Held& value : one_of_each()) xpc_array_append_value(list, value);
  xpc_dictionary_set_value(sent, "list", list);
  bench.set_action([&](xpc_connection_t, xpc_object_t received) {
    if (is_equal_both_ways(received, sent)) bench.note("equal");
  });
  xpc_connection_send_message(client, sent);
  UNTIL_NOTED("equal");
}
