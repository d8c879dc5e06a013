/** The API server whole: containers and networks beside plugins, each with its helper's instance. */
export {};
