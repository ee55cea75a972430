import type { Command } from '@rondo/protocol';
import type { ReportedFact } from './event.ts';
import type { Answer } from './verdict.ts';

export interface CommandOutcome {
  readonly state: 'applied' | 'rejected';
  readonly detail?: string;
}

/**
 * Carries out a command. Its return value, or what it resolves to, is the result that the admin sees; nothing means
 * applied, an exception means rejected.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing is the usual one.
export type CommandHandler = (command: Command) => CommandOutcome | void | Promise<CommandOutcome | void>;

// Far more than are ever open at once; the server stops repeating a command when it has its acknowledgement.
const remembered = 1_000;

/** Passes each command to the program once and reports the result. [R13] */
export class Commands {
  readonly #run_id: string;
  readonly #handler: CommandHandler | undefined;
  readonly #acknowledge: (ack: ReportedFact & { type: 'command_ack' }) => void;
  readonly #onFailure: (error: unknown) => void;
  readonly #seen = new Set<string>();

  constructor(
    run_id: string,
    handler: CommandHandler | undefined,
    acknowledge: (ack: ReportedFact & { type: 'command_ack' }) => void,
    onFailure: (error: unknown) => void,
  ) {
    this.#run_id = run_id;
    this.#handler = handler;
    this.#acknowledge = acknowledge;
    this.#onFailure = onFailure;
  }

  receive({ commands, unknownCommands }: Pick<Answer, 'commands' | 'unknownCommands'>): void {
    for (const command of commands) {
      // Commands of an ended run belong to the reporter that continues it. [R26]
      if (command.run_id === this.#run_id && this.#isNew(command.command_id)) void this.#carryOut(command);
    }
    for (const command_id of unknownCommands) {
      if (this.#isNew(command_id)) this.#ack(command_id, 'rejected', 'not supported by this version of the reporter');
    }
  }

  async #carryOut(command: Command): Promise<void> {
    const { command_id } = command;
    this.#ack(command_id, 'delivered');
    if (!this.#handler) {
      this.#ack(command_id, 'rejected', 'not supported');
      return;
    }
    try {
      const outcome = await this.#handler(command);
      this.#ack(command_id, outcome?.state ?? 'applied', outcome?.detail);
    } catch (error) {
      this.#onFailure(error);
      this.#ack(command_id, 'rejected', error instanceof Error ? error.message : String(error));
    }
  }

  #ack(command_id: string, state: 'delivered' | 'applied' | 'rejected', detail?: string): void {
    this.#acknowledge({ type: 'command_ack', command_id, state, detail });
  }

  #isNew(command_id: string): boolean {
    if (this.#seen.has(command_id)) return false;
    this.#seen.add(command_id);
    if (this.#seen.size > remembered) {
      for (const oldest of this.#seen) {
        this.#seen.delete(oldest);
        break;
      }
    }
    return true;
  }
}
