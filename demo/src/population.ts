import type { ReportedFact } from '@rondo/reporter';
import { leaveChance, returnChance, type Traits, traitsOf } from './pace.ts';
import { createRandom } from './random.ts';
import type { ClientData } from './synthetic.ts';

const heartbeatMs = 5_000;
// Everyone's beats spread over the interval, a few at a time.
export const beatEveryMs = 500;

export interface Member {
  readonly data: ClientData;
  readonly traits: Traits;
}

/** The clients of the federation, those that are online, and those that show signs of life. */
export class Population {
  readonly #members: ReadonlyMap<string, Member>;
  readonly #seed: number;
  readonly #report: (fact: ReportedFact) => void;
  readonly #online = new Set<string>();
  readonly #silent = new Set<string>();
  #beat = 0;

  constructor(world: readonly ClientData[], seed: number, report: (fact: ReportedFact) => void) {
    this.#seed = seed;
    this.#report = report;
    this.#members = new Map(world.map((data) => [data.client_id, { data, traits: traitsOf(seed, data.client_id) }]));
  }

  /** Ids of those who can be selected. */
  get online(): string[] {
    return [...this.#online];
  }

  member(client_id: string): Member {
    const member = this.#members.get(client_id);
    if (!member) throw new Error(`there is no client ${client_id}`);
    return member;
  }

  joinAll(): void {
    for (const client_id of this.#members.keys()) this.#join(client_id);
  }

  /** Between two rounds some leave and some of those who left return. */
  comeAndGo(round: number): void {
    this.#silent.clear();
    for (const client_id of this.#members.keys()) {
      const chance = createRandom(this.#seed, `presence ${client_id} ${round}`)();
      if (!this.#online.has(client_id) && chance < returnChance) this.#join(client_id);
      else if (this.#online.has(client_id) && chance < leaveChance) {
        this.#online.delete(client_id);
        this.#report({ type: 'client_left', client_id, reason: 'went offline' });
      }
    }
  }

  /** It says nothing more until the next round. */
  fallSilent(client_id: string): void {
    this.#silent.add(client_id);
  }

  /** To be called every `beatEveryMs`: each client beats every 5 s. */
  beat(): void {
    const slots = heartbeatMs / beatEveryMs;
    const slot = this.#beat++ % slots;
    for (const [index, client_id] of [...this.#members.keys()].entries()) {
      if (index % slots !== slot || !this.#online.has(client_id) || this.#silent.has(client_id)) continue;
      this.#report({ type: 'client_heartbeat', client_id });
    }
  }

  #join(client_id: string): void {
    const { data, traits } = this.member(client_id);
    this.#online.add(client_id);
    this.#report({
      type: 'client_joined',
      client_id,
      dataset_size: data.train.size,
      labels: { speed: traits.speed },
    });
  }
}
