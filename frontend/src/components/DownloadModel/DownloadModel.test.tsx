import { makeModel } from '@rondo/protocol/testing';
import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Refused, type Routes, serve, signInAs } from '../../test/serve.ts';
import { DownloadModel } from './DownloadModel.tsx';

let routes: Routes;
let count = 0;
/** Downloads outlive what is drawn, so that each test has a version of its own. */
let model = makeModel();

beforeEach(() => {
  signInAs('viewer');
  model = makeModel({ version: `v${++count}`, size_bytes: 4 });
  routes = { [`POST /api/models/${model.version}/download-link`]: { url: '/one-use', expires_in: 60 } };
  serve(routes);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const press = (name: RegExp | string) => fireEvent.click(screen.getByRole('button', { name }));

/** A file that the user picks, as the browser hands it to the page. */
function pick(createWritable: () => Promise<unknown>) {
  vi.stubGlobal('showSaveFilePicker', vi.fn().mockResolvedValue({ createWritable }));
}
const written: number[] = [];
const writable = () => ({
  write: vi.fn(async ({ data }: { data: Uint8Array }) => void written.push(...data)),
  close: vi.fn(async () => {}),
  abort: vi.fn(async () => {}),
});

it('where pages cannot write files, the browser downloads it, and the page claims no progress', async () => {
  const clicked = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => {});
  render(<DownloadModel model={model} />);
  press(/^Download/);
  await screen.findByText(/its own list of downloads shows how far it is/);
  expect(clicked.mock.contexts.map((link) => (link as HTMLAnchorElement).getAttribute('href'))).toEqual(['/one-use']);
  expect(screen.queryByRole('progressbar')).toBeNull();
});

it('a checkpoint that is gone says so, and can be tried again', async () => {
  routes[`POST /api/models/${model.version}/download-link`] = new Refused(404, 'there is no such model');
  render(<DownloadModel model={model} />);
  press(/^Download/);
  await screen.findByText('there is no such model');
  screen.getByText('Try again');
});

it('streams into the picked file, and closes it once it is whole', async () => {
  const file = writable();
  pick(async () => file);
  vi.stubGlobal('fetch', async () => new Response(Uint8Array.of(1, 2, 3, 4)));
  render(<DownloadModel model={model} />);
  press(/^Download/);
  await screen.findByText('Saved, every byte of it.');
  expect(file.close).toHaveBeenCalledTimes(1);
  expect(written).toEqual([1, 2, 3, 4]);
});

it('called off, it leaves the file as it was', async () => {
  const file = writable();
  pick(async () => file);
  vi.stubGlobal(
    'fetch',
    (_: string, { signal }: RequestInit) =>
      new Promise((_done, failed) => signal?.addEventListener('abort', () => failed(signal.reason))),
  );
  render(<DownloadModel model={model} />);
  press(/^Download/);
  expect((await screen.findByRole('progressbar')).getAttribute('aria-valuenow')).toBe('0');
  press(/^Call off/);
  await screen.findByRole('button', { name: /^Download/ });
  await waitFor(() => expect(file.abort).toHaveBeenCalledTimes(1));
  expect(file.close).not.toHaveBeenCalled();
});

it('a file dialog that is dismissed changes nothing', async () => {
  vi.stubGlobal('showSaveFilePicker', vi.fn().mockRejectedValue(new DOMException('no', 'AbortError')));
  const asked = serve(routes);
  render(<DownloadModel model={model} />);
  press(/^Download/);
  await Promise.resolve();
  expect(asked).toEqual([]);
  screen.getByRole('button', { name: `Download ${model.version}` });
});
