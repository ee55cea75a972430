import { expect, test } from './test.ts';

test('[L7] the page below a dialog does not scroll, and needs no style element for it', async ({
  signedIn,
  server,
}) => {
  const page = signedIn;
  await page.setViewportSize({ width: 1_280, height: 300 });
  await page.goto(`${server.url}/settings/users`);
  const scrolled = () => page.evaluate<number>('scrollY');
  const isLocked = () => page.evaluate<boolean>("getComputedStyle(document.body).overflowY === 'hidden'");
  const add = page.getByRole('button', { name: 'Add a user' });
  await expect(add).toBeVisible();
  await expect.poll(() => page.evaluate<number>('scrollTo(0, 20), scrollY')).toBeGreaterThan(0);
  await add.click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await expect.poll(isLocked).toBe(true);
  const before = await scrolled();
  await page.mouse.move(5, 250);
  await page.mouse.wheel(0, 400);
  expect(await scrolled()).toBe(before);
  expect(await page.locator('style').count()).toBe(0);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
  await expect.poll(isLocked).toBe(false);
});
