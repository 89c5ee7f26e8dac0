import type { Connector } from '../../../connectors/define-connector.ts';
import { file } from './file.ts';
import { jdbc } from './jdbc.ts';
import { mongodb } from './mongodb.ts';
import { mariadb, mysql } from './mysql.ts';
import { oracle } from './oracle.ts';
import { postgresql } from './postgresql.ts';
import { sqlserver } from './sqlserver.ts';

/** Plugins of Kafka Connect that Headwater knows, in the order of codes. */
export const CATALOG: readonly Connector[] = [file, jdbc, mariadb, mongodb, mysql, oracle, postgresql, sqlserver];
