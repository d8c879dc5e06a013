/** `launchport/sdk/zod`: the zod that launchport uses, for schemas of a plugin's settings and of JSON. */
export { z } from 'zod';
