/** OCI images on disk: layouts and archives read, checked by digest, unpacked safely, kept under names. */
export {};
