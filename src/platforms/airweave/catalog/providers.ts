import type { Provider } from './ways.ts';

/** Which services serve a source: all but those that its facts say are shut out. */
export const ALL: readonly Provider[] = ['composio', 'pipedream', 'custom'];
export const NOT_PIPEDREAM: readonly Provider[] = ['composio', 'custom'];
export const NOT_COMPOSIO: readonly Provider[] = ['pipedream', 'custom'];
