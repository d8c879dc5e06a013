/** The conformance kit: does a plugin bundle behave as its hosts expect? */
export {};
