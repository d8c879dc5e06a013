{
  "variables": {
    # Set by native/build/sanitize.mjs. 1: AddressSanitizer and UndefinedBehaviorSanitizer. 2: ThreadSanitizer.
    "sanitize%": 0,
  },
  "targets": [
    {
      "target_name": "launchport",
      "sources": [
        "<!@(node native/build/sources.mjs native/addon)",
        "<!@(node native/build/sources.mjs native/posix)",
      ],
      "include_dirs": ["native/addon", "native/posix", "<!(node -p \"require('node-addon-api').include_dir\")"],
      # Swallow: a worker may be terminated within any call, and what cannot be thrown then is no fatal error.
      "defines": [
        "NAPI_VERSION=9",
        "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS",
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS",
      ],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fexceptions"],
      "cflags_cc": ["-std=c++20", "-fvisibility=hidden", "-fno-exceptions", "-Wall", "-Wextra"],
      "conditions": [
        ["OS=='linux'", {
          "sources": [
            "<!@(node native/build/sources.mjs native/linux)",
            "<!@(node native/build/sources.mjs native/linux/dispatch)",
            "<!@(node native/build/sources.mjs native/linux/launchd)",
            "<!@(node native/build/sources.mjs native/linux/xpc)",
          ],
          "include_dirs": ["native/linux"],
        }],
        ["OS=='mac'", {
          "sources": ["<!@(node native/build/sources.mjs native/darwin)"],
          "defines": ["OS_OBJECT_USE_OBJC=0"],
          "xcode_settings": {
            "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
            "CLANG_CXX_LIBRARY": "libc++",
            "GCC_ENABLE_CPP_EXCEPTIONS": "NO",
            "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
            "MACOSX_DEPLOYMENT_TARGET": "12.0",
            # Lambdas convert to blocks in Objective-C++ only.
            "OTHER_CPLUSPLUSFLAGS": ["-x", "objective-c++", "-fblocks"],
          },
        }],
        ["sanitize==1", {
          "cflags_cc": ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer", "-g", "-O1"],
          "ldflags": ["-fsanitize=address,undefined"],
        }],
        ["sanitize==2", {
          "cflags_cc": ["-fsanitize=thread", "-fno-omit-frame-pointer", "-g", "-O1"],
          "ldflags": ["-fsanitize=thread"],
        }],
      ],
    },
  ],
  "conditions": [
    ["OS=='linux'", {
      "targets": [
        {
          # Holds the sockets of a supervisor that is killed; found beside the addon.
          "target_name": "launchport-keeper",
          "type": "executable",
          "sources": ["<!@(node native/build/sources.mjs native/linux/launchd/keeper)"],
          "include_dirs!": ["<(node_root_dir)/include/node"],
          "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
          "cflags_cc": ["-std=c++20", "-fno-exceptions", "-Wall", "-Wextra"],
          # So that it starts with as little as it needs.
          "ldflags": ["-static-libstdc++", "-static-libgcc"],
          "conditions": [
            ["sanitize==1", {
              "cflags_cc": ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer", "-g", "-O1"],
              "ldflags!": ["-static-libstdc++", "-static-libgcc"],
              "ldflags": ["-fsanitize=address,undefined"],
            }],
          ],
        },
      ],
    }],
    ["OS=='linux' and target_arch in 'x64 arm64' and sanitize==0", {
      "targets": [
        {
          # Runs inside sandboxes: no library, and so nothing that it would load from there.
          "target_name": "launchport-sandbox",
          "type": "executable",
          "sources": ["<!@(node native/build/sources.mjs native/linux/sandbox)"],
          "include_dirs!": ["<(node_root_dir)/include/node"],
          "cflags!": ["-pthread", "-fPIC"],
          "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
          "cflags_cc": [
            "-std=gnu++20", "-Os", "-ffreestanding", "-fno-exceptions", "-fno-rtti", "-fno-stack-protector", "-fno-pie",
            "-fno-asynchronous-unwind-tables", "-fno-tree-loop-distribute-patterns", "-Wall", "-Wextra",
          ],
          "ldflags!": ["-pthread", "-rdynamic"],
          "ldflags": ["-nostdlib", "-static", "-no-pie"],
        },
      ],
    }],
  ],
}
