import type { LogEntry, LogLevel } from '@rondo/protocol';

export const logLevels: readonly LogLevel[] = ['debug', 'info', 'warning', 'error', 'critical'];

export interface LogFilter {
  /** The least severe level that is shown; empty shows all. */
  readonly level: string;
  /** Empty shows all. */
  readonly client_id: string;
  readonly q: string;
}

const rankOf = (level: string): number => logLevels.indexOf(level as LogLevel);

export const matchesLog = (entry: LogEntry, { level, client_id, q }: LogFilter): boolean =>
  rankOf(entry.level) >= rankOf(level) &&
  (client_id === '' || entry.client_id === client_id) &&
  entry.message.toLowerCase().includes(q.trim().toLowerCase());

/** Colours and cursor movements of a terminal mean nothing on a page. */
export const stripAnsi = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with a control character.
  text.replace(/\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g, '');
