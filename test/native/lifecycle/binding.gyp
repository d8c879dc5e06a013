{
  # Built in .cache by build.ts, where `native` and `rules` are links to native/ and to this folder.
  "variables": {
    # "address" or "thread": the sanitizer that the rules run under.
    "sanitizer%": "",
  },
  "targets": [
    {
      "target_name": "lifecycle",
      "sources": [
        "<!@(node native/build/sources.mjs rules)",
        "<!@(node native/build/sources.mjs native/linux/dispatch)",
        "<!@(node native/build/sources.mjs native/linux/xpc)",
      ],
      "include_dirs": ["native/linux"],
      "defines": ["NAPI_VERSION=9"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fexceptions", "-O3"],
      "cflags_cc": ["-std=c++20", "-fno-exceptions", "-O0", "-g1", "-Wall", "-Wextra"],
      "conditions": [
        ["sanitizer=='address'", {
          "cflags_cc": ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer"],
          "ldflags": ["-fsanitize=address,undefined"],
        }],
        ["sanitizer=='thread'", {
          "cflags_cc": ["-fsanitize=thread"],
          "ldflags": ["-fsanitize=thread"],
        }],
      ],
    },
  ],
}
