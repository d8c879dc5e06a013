/** The plugins that come with launchport; each is a bundle with a program of its own. */
export {};
