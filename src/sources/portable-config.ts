import type { Config } from '../connectors/config.ts';
import type { Connector } from '../connectors/define-connector.ts';
import { AUTH, fieldsByPath, valueAt } from '../connectors/paths.ts';
import { portableNames } from '../connectors/portable.ts';

/** A config that every platform with the connector takes. */
export interface PortableConfig {
  settings: Record<string, unknown>;
  /** Paths of the secrets that are set, by their portable names. */
  secrets: Record<string, string>;
  /** Names of what was given and has no portable name. */
  leftOut: string[];
}

/** A config of one connector under portable names, values in their portable form. */
export function portableConfig(connector: Connector, { settings, secrets }: Config): PortableConfig {
  const roles = new Map([...portableNames(connector)].map(([role, path]) => [path, role]));
  const fields = fieldsByPath(connector);
  const portable: Record<string, unknown> = {};
  const named: Record<string, string> = {};
  const leftOut: string[] = [];
  for (const path of fields.keys()) {
    const value = valueAt(settings, path);
    const role = roles.get(path);
    const give = fields.get(path)?.facts.portable?.give;
    if (secrets[path] !== undefined) {
      if (role === undefined) leftOut.push(path);
      else named[role] = path;
    } else if (value !== undefined && path !== `${AUTH}/method`) {
      if (role === undefined) leftOut.push(path);
      else portable[role] = give ? give(value) : value;
    }
  }
  return { settings: portable, secrets: named, leftOut };
}
