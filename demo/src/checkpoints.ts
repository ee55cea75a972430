import type { Reporter } from '@rondo/reporter';
import { toSafetensors } from './safetensors.ts';
import type { Parameters } from './softmax-regression.ts';

interface CheckpointsOptions {
  readonly run_id: string;
  readonly saveModel: Reporter['saveModel'];
  readonly onProblem: (message: string) => void;
}

/** Of 3 kB each, waiting for an unreachable dashboard; past this, new ones are dropped. */
const maxPending = 20;

/** Names the checkpoints of a run and hands them to the reporter, beside the training. */
export class Checkpoints {
  readonly #options: CheckpointsOptions;
  #pending = 0;
  #parent: string | undefined;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
  }

  /** The name under which the global model of a round will be found; null when it is not kept. */
  save(round: number, parameters: Parameters): string | null {
    const { run_id, saveModel, onProblem } = this.#options;
    const version = `${run_id}-round-${round}`;
    if (this.#pending >= maxPending) {
      onProblem(`${version} is not stored: ${maxPending} checkpoints are waiting already`);
      return null;
    }
    const content = toSafetensors(parameters, { run_id, round: String(round) });
    const { done } = saveModel(version, content, {
      round,
      format: 'safetensors',
      ...(this.#parent && { parent: this.#parent }),
    });
    this.#parent = version;
    this.#pending++;
    void done.then(() => this.#pending--);
    return version;
  }
}
