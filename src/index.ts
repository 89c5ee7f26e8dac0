/**
 * What connectors of one's own are made with. Load a folder of them with HEADWATER_CONNECTORS; docs/connectors.md is the
 * guide.
 */

export { type AroundSchema, aroundSchema } from './connectors/brought/around-schema.ts';
export { mysqlStrings } from './connectors/databases/mysql-strings.ts';
export { POSTGRES_STRINGS } from './connectors/databases/postgres-strings.ts';
export {
  CAPABILITIES,
  CATEGORIES,
  type ConfigFault,
  type Connector,
  type ConnectorDefinition,
  defineConnector,
} from './connectors/define-connector.ts';
export {
  type ConfigOf,
  connectionString,
  database,
  type Field,
  type FieldFacts,
  type Fields,
  host,
  password,
  port,
  ROLES,
  schemaSelection,
  secret,
  setting,
  tlsCa,
  tlsMode,
  username,
} from './connectors/fields.ts';
export { HTTP_AUTH, headers, optionalUrl, url } from './connectors/http-fields.ts';
export { sshFaults, sshTunnel } from './connectors/ssh-fields.ts';
export { staged } from './connectors/staged.ts';
export { through } from './connectors/through.ts';
export type { DiscoverQuery, Preview, Probe, ReadSession, Stream, StreamPage, SyncAdvice } from './probes/probe.ts';
export {
  type Check,
  type CheckFault,
  type CheckIo,
  type CheckOutcome,
  checkFailed,
  type StagedDefinition,
  type StagedTarget,
} from './probes/staged.ts';
export { Secret } from './secrets/secret.ts';
export { z } from './zod.ts';
