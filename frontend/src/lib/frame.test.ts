import { expect, it, vi } from 'vitest';
import { createFrameScheduler } from './frame.ts';

function makeScheduler() {
  const frames: (() => void)[] = [];
  const cancelled = vi.fn();
  const scheduler = createFrameScheduler({
    requestFrame(run) {
      frames.push(run);
      return cancelled;
    },
  });
  return { scheduler, frames, cancelled };
}

it('runs every update before any drawing, in one frame', () => {
  const { scheduler, frames } = makeScheduler();
  const order: string[] = [];
  scheduler.draw(() => order.push('draw'));
  scheduler.update(() => order.push('update'));
  expect(frames).toHaveLength(1);
  frames[0]?.();
  expect(order).toEqual(['update', 'draw']);
});

it('runs a task once however often it was asked for', () => {
  const { scheduler, frames } = makeScheduler();
  const task = vi.fn();
  scheduler.update(task);
  scheduler.update(task);
  frames[0]?.();
  expect(task).toHaveBeenCalledTimes(1);
});

it('asks for no frame when nothing is left to do', () => {
  const { scheduler, cancelled } = makeScheduler();
  const task = vi.fn();
  scheduler.update(task);
  scheduler.cancel(task);
  expect(cancelled).toHaveBeenCalledTimes(1);
});
