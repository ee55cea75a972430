import { makeRun } from '@rondo/protocol/testing';
import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Refused, serve, signInAs } from '../../test/serve.ts';
import { ExportRun } from './ExportRun.tsx';

const run = makeRun({ name: 'mnist' });
let saved: { name: string; content: Blob }[];
beforeEach(() => {
  saved = [];
  signInAs('viewer');
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
    saved.push({ name: this.download, content: contents.get(this.href) as Blob });
  });
  const contents = new Map<string, Blob>();
  URL.createObjectURL = (content) => {
    contents.set(`blob:${contents.size}`, content as Blob);
    return `blob:${contents.size - 1}`;
  };
  URL.revokeObjectURL = () => {};
});
afterEach(() => vi.restoreAllMocks());

const press = () => fireEvent.click(screen.getByRole('button', { name: 'Export mnist' }));

it('a viewer saves the whole run as a file of its id', async () => {
  const asked = serve({ 'GET /api/runs/run-1/export': new Blob(['zip']) });
  render(<ExportRun run={run} />);
  press();
  await waitFor(() => expect(saved.map(({ name }) => name)).toEqual(['run-1.rondo.zip']));
  expect(asked.map(({ what }) => what)).toEqual(['GET /api/runs/run-1/export']);
});

it('a refusal shows the words of the server', async () => {
  serve({ 'GET /api/runs/run-1/export': new Refused(503, '2 runs are being exported; try again') });
  render(<ExportRun run={run} />);
  press();
  expect((await screen.findByRole('alert')).textContent).toContain('2 runs are being exported');
  expect(saved).toEqual([]);
});
