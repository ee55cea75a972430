import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { CutOrder, ViewersJob, ViewersReport } from '../generators/viewers.ts';
import { messageOf, startNode } from './children.ts';
import { type Usage, watchUsage } from './usage.ts';

/** The process that holds the viewers. */
export class Crowd {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Starts it without viewers, for one piece of work. */
  static async with<T>(work: (crowd: Crowd) => Promise<T>): Promise<T> {
    const child = startNode([join(import.meta.dirname, '../generators/viewers.ts')], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced', // JSON has no NaN, which is the quantile of nothing.
    });
    try {
      return await work(new Crowd(child));
    } finally {
      child.kill('SIGKILL');
    }
  }

  /** Resolves when every one of them has its snapshot. */
  async open(job: Omit<ViewersJob, 'type'>): Promise<void> {
    const opened = messageOf(this.#child, 'opened', 600_000);
    this.#child.send({ type: 'open', ...job } satisfies ViewersJob);
    await opened;
  }

  cut(order: Omit<CutOrder, 'type'>): void {
    this.#child.send({ type: 'cut', ...order } satisfies CutOrder);
  }

  async report(): Promise<ViewersReport> {
    const answer = messageOf<ViewersReport>(this.#child, 'report', 60_000);
    this.#child.send({ type: 'report' });
    return answer;
  }

  watchUsage = (): (() => Usage | null) => watchUsage(this.#child.pid ?? 0);
}
