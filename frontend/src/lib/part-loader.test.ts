import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPartLoader } from './part-loader.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const later = (ms: number) => vi.advanceTimersByTimeAsync(ms);

function make(isReachable: boolean) {
  const world = { isReachable, hasFile: false, loads: 0 };
  const loader = createPartLoader(
    async () => {
      world.loads++;
      if (!world.hasFile) throw new TypeError('Failed to fetch dynamically imported module');
      return 'the part';
    },
    { isServerReachable: async () => world.isReachable, now: () => 0, random: () => 1 },
  );
  return { world, loader };
}

describe('[B1] a part whose code cannot be fetched', () => {
  it('is tried again with growing waits while the server is away, and appears when it is back', async () => {
    const { world, loader } = make(false);
    loader.subscribe(() => {});
    await later(0);
    expect(loader.getState()).toEqual({ state: 'waiting', reason: 'unreachable', retry_at: 2_000 });
    await later(2_000);
    expect(loader.getState()).toMatchObject({ retry_at: 3_000 });
    expect(world.loads).toBe(2);
    world.hasFile = true;
    await later(3_000);
    expect(loader.getState()).toEqual({ state: 'loaded', part: 'the part' });
  });

  it('waits at most 16 s', async () => {
    const { loader } = make(false);
    loader.subscribe(() => {});
    await later(200_000);
    expect(loader.getState()).toMatchObject({ retry_at: 16_000 });
  });

  it('was replaced by a new version when the server answers and still has no such file', async () => {
    const { world, loader } = make(true);
    loader.subscribe(() => {});
    await later(0);
    expect(loader.getState()).toEqual({ state: 'loading' });
    await later(300);
    expect(world.loads).toBe(2);
    expect(loader.getState()).toMatchObject({ state: 'waiting', reason: 'replaced' });
  });

  it('is not fetched any more when nothing shows it, and begins again when something does', async () => {
    const { world, loader } = make(false);
    const leave = loader.subscribe(() => {});
    await later(0);
    leave();
    await later(60_000);
    expect(world.loads).toBe(1);
    expect(loader.getState()).toEqual({ state: 'loading' });
    loader.subscribe(() => {});
    await later(0);
    expect(world.loads).toBe(2);
  });

  it('is tried at once by hand', async () => {
    const { world, loader } = make(false);
    loader.subscribe(() => {});
    await later(0);
    world.hasFile = true;
    loader.retry();
    await later(0);
    expect(loader.getState().state).toBe('loaded');
  });

  it('fails without a word while it is only prefetched', async () => {
    const { world, loader } = make(false);
    loader.prefetch();
    await later(60_000);
    expect(world.loads).toBe(1);
    expect(loader.getState()).toEqual({ state: 'loading' });
  });
});
