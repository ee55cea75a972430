import type { LiveEvent, RunId } from '@rondo/protocol';

/** A batch message, serialized once for all viewers of the run: only `from_seq` differs between them. */
export class SerializedBatch {
  readonly seq: number;
  readonly #runId: RunId;
  readonly #events: string;
  #last: { fromSeq: number; text: string } | undefined;

  constructor(runId: RunId, seq: number, events: readonly LiveEvent[]) {
    this.#runId = runId;
    this.seq = seq;
    this.#events = JSON.stringify(events);
  }

  /** The message for a viewer whose position is `fromSeq`. */
  text(fromSeq: number): string {
    if (this.#last?.fromSeq !== fromSeq) {
      const head = `{"type":"batch","run_id":${JSON.stringify(this.#runId)},"from_seq":${fromSeq},"seq":${this.seq}`;
      this.#last = { fromSeq, text: `${head},"events":${this.#events}}` };
    }
    return this.#last.text;
  }
}
