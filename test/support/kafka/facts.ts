import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../root.ts';

/** One setting as a plugin itself describes it. */
export interface SettingFacts {
  type: string;
  required?: true;
  default?: string;
  enum?: string[];
}

export interface PluginFacts {
  version: string;
  settings: Record<string, SettingFacts>;
}

export const FACTS_FILE = join(projectRoot, 'test', 'support', 'facts', 'kafka-connect.json');

/** By class, as the plugins' own validation described them; the service tests hold it against the real ones. */
export function kafkaConnectFacts(): Record<string, PluginFacts> {
  return JSON.parse(readFileSync(FACTS_FILE, 'utf8'));
}

interface Described {
  definition: { name: string; type: string; required: boolean; default_value: string | null };
  value: { recommended_values: string[]; errors: string[] };
}

/** What `PUT /connector-plugins/{class}/config/validate` says of an empty config, without prose. */
export function factsIn(version: string, { configs }: { configs: Described[] }): PluginFacts {
  const own = configs.filter(({ definition: { name } }) => !name.endsWith('plugin.version'));
  return { version, settings: Object.fromEntries(own.map((each) => [each.definition.name, settingOf(each)])) };
}

function settingOf({ definition, value }: Described): SettingFacts {
  const { type, required, default_value: standard } = definition;
  const isMissed = required || value.errors.some((error) => /required|cannot be empty|missing/i.test(error));
  const choices = type === 'CLASS' ? [] : [...value.recommended_values].sort();
  return {
    type,
    ...(isMissed ? { required: true } : {}),
    ...(standard === null || standard === '' ? {} : { default: standard }),
    ...(choices.length > 0 ? { enum: choices } : {}),
  };
}
