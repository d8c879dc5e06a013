/** Routes of the API server for plugins, as upstream has them: names are bare words, structured values JSON in data. */
import * as z from 'zod';
import { defineRoute, x } from '../routes/index.js';
import { pluginJson } from './plugin-json.js';

const named = { request: { pluginName: x.string() } };

/** Finds a plugin on disk and registers it; success when it is loaded already. */
export const pluginLoad = defineRoute('pluginLoad', named);
/** Describes a loaded plugin. */
export const pluginGet = defineRoute('pluginGet', { ...named, reply: { plugin: x.json(pluginJson) } });
/** Describes all loaded plugins; instances of runtime and network plugins are not among them. */
export const pluginList = defineRoute('pluginList', { reply: { plugins: x.json(z.array(pluginJson)) } });
/** Ends a loaded plugin and starts it again. */
export const pluginRestart = defineRoute('pluginRestart', named);
/** Boots a loaded plugin out and forgets it. */
export const pluginUnload = defineRoute('pluginUnload', named);

/** Whether the server lives, what it is and where its files are. */
export const ping = defineRoute('ping', {
  reply: {
    /** File URL of the application root. */
    appRoot: x.string(),
    /** File URL of the install root. */
    installRoot: x.string(),
    /** Plain path of the log root; absent when there is none. */
    logRoot: x.string().optional(),
    /** One line of text, not a version number. */
    apiServerVersion: x.string(),
    apiServerCommit: x.string(),
    apiServerBuild: x.string(),
    apiServerAppName: x.string(),
  },
});
