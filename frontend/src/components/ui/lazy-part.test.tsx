import { act, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ErrorBoundary } from './ErrorBoundary.tsx';
import { lazyPart } from './lazy-part.tsx';

const health = vi.fn<typeof fetch>();
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('fetch', health);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});
const later = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

describe('[B1] a lazy part', () => {
  it('says in its own place that it could not be loaded, and shows itself when the server is back', async () => {
    health.mockRejectedValue(new TypeError('network'));
    let hasFile = false;
    const Part = lazyPart({
      what: 'The page',
      load: async () => {
        if (!hasFile) throw new TypeError('network');
        return () => <p>the page</p>;
      },
    });
    render(
      <>
        <header>Rondo</header>
        <Part />
      </>,
    );
    await later(0);
    screen.getByText('Rondo');
    expect(screen.getByTestId('part-failure').textContent).toMatch(
      /^This part could not be loaded\. The server cannot be reached; it is tried again in \d+ s\./,
    );
    hasFile = true;
    fireEvent.click(screen.getByRole('button', { name: 'Try now' }));
    await later(0);
    screen.getByText('the page');
    expect(screen.queryByTestId('part-failure')).toBeNull();
  });

  it('says that a new version is running when the server answers without the file', async () => {
    health.mockResolvedValue(new Response('{}'));
    const Part = lazyPart({ what: 'The page', load: () => Promise.reject(new TypeError('404')) });
    render(<Part />);
    await later(1_000);
    expect(screen.getByTestId('part-failure').textContent).toContain('A new version is running. Reload');
    screen.getByRole('button', { name: 'Reload' });
  });

  it('a dialog that failed can be closed', async () => {
    health.mockRejectedValue(new TypeError('network'));
    const Part = lazyPart({ what: 'The dialog', isDialog: true, load: () => Promise.reject(new TypeError('network')) });
    const onDismiss = vi.fn();
    render(<Part onDismiss={onDismiss} />);
    await later(0);
    fireEvent.click(screen.getByRole('button', { name: 'Close' }));
    expect(onDismiss).toHaveBeenCalledTimes(1);
    expect(screen.queryByTestId('part-failure')).toBeNull();
  });
});

describe('[B1] an error while drawing', () => {
  it('replaces its part only, and goes with the next address', () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const Broken = () => {
      throw new Error('a value was missing');
    };
    const page = (address: string, isBroken: boolean) => (
      <>
        <header>Rondo</header>
        <ErrorBoundary what="This page" resetKey={address}>
          {isBroken ? <Broken /> : <p>another page</p>}
        </ErrorBoundary>
      </>
    );
    const view = render(page('/a', true));
    screen.getByText('Rondo');
    expect(screen.getByRole('alert').textContent).toContain('a value was missing');
    view.rerender(page('/b', false));
    screen.getByText('another page');
    expect(screen.queryByRole('alert')).toBeNull();
  });
});
