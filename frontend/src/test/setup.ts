import { cleanup, configure } from '@testing-library/react';
import { afterEach, vi } from 'vitest';

// jsdom has no layout and no canvas: what follows is the least that components ask of them.
vi.stubGlobal('matchMedia', (media: string) => ({
  media,
  matches: false,
  addEventListener: () => {},
  removeEventListener: () => {},
}));
vi.stubGlobal(
  'ResizeObserver',
  class {
    observe() {}
    unobserve() {}
    disconnect() {}
  },
);
// Rows are drawn only where they would be seen, so that something must have a height.
Object.defineProperty(Element.prototype, 'clientHeight', { configurable: true, get: () => 400 });
Element.prototype.scrollIntoView = () => {};
Element.prototype.hasPointerCapture = () => false;

// A page is fetched when it is first shown, which on a busy machine takes longer than the second that is usual.
configure({ asyncUtilTimeout: 20_000 });

afterEach(() => {
  cleanup();
  localStorage.clear();
});
