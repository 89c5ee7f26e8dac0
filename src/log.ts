import type { Logger } from 'pino';
import { LOG_LEVELS, type LogLevel } from './settings.ts';

/** Structured lines on stderr, never stdout. Callers pass codes, ids and names; never secrets or text from outside. */
export interface Log {
  debug: (fields: Record<string, unknown>, message: string) => void;
  info: (fields: Record<string, unknown>, message: string) => void;
  warn: (fields: Record<string, unknown>, message: string) => void;
  error: (fields: Record<string, unknown>, message: string) => void;
}

/** A log whose library is loaded with the first line that is written. */
export function createLog(level: LogLevel): Log {
  let logger: Promise<Logger> | undefined;
  const write = (at: Exclude<LogLevel, 'silent'>) => (fields: Record<string, unknown>, message: string) => {
    if (LOG_LEVELS.indexOf(at) < LOG_LEVELS.indexOf(level)) return;
    logger ??= import('pino').then(({ pino }) => pino({ level, base: null }, pino.destination({ fd: 2, sync: true })));
    void logger.then((ready) => ready[at](fields, message));
  };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
