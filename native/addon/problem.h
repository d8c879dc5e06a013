// Why something that JavaScript asked for cannot be.
#pragma once

#include <string>
#include <utility>

namespace launchport {

struct Problem {
  const char* code = nullptr;  // of the Error, such as ENOTSUP; null: it is a TypeError
  std::string text;            // empty: there is no problem

  explicit operator bool() const { return !text.empty(); }

  static Problem type_error(std::string text) { return {nullptr, std::move(text)}; }
  static Problem invalid(std::string text) { return {"EINVAL", std::move(text)}; }
  static Problem not_supported(std::string text) { return {"ENOTSUP", std::move(text)}; }
};

}  // namespace launchport
