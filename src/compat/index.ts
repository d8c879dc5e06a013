/** apple/container's own wire: routes, keys and JSON of its network, runtime and container services. */
export {};
