import { render, screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { Dialog } from './Dialog.tsx';

const page = (isOpen: boolean) => (
  <>
    <button type="button">Open it</button>
    {isOpen && (
      <Dialog isOpen onOpenChange={() => {}} title="A dialog">
        <button type="button">Inside</button>
      </Dialog>
    )}
  </>
);

it('[B5] gives the focus back to what opened it', async () => {
  const { rerender } = render(page(false));
  const opener = screen.getByRole('button', { name: 'Open it' });
  opener.focus();
  rerender(page(true));
  expect(document.activeElement).not.toBe(opener);
  rerender(page(false));
  await expect.poll(() => document.activeElement).toBe(opener);
});
