import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import { useNoticesStore } from '../../store/notices-store.ts';
import { renderPage } from '../../test/render-page.tsx';
import { changesOf, type Routes, serve, signInAs } from '../../test/serve.ts';
import { Notices } from '../Notices/Notices.tsx';
import { ProjectSettings } from './ProjectSettings.tsx';

const at = '2026-01-31T12:00:00.000Z';
const page = <T,>(...items: T[]) => ({ items, total: items.length, limit: 200, offset: 0 });
const eve = '0b9c7c3e-1111-4222-8333-444455556666';
const bob = '0b9c7c3e-1111-4222-8333-444455557777';

let routes: Routes;
let asked: ReturnType<typeof serve>;
beforeEach(() => {
  useNoticesStore.setState({ shown: [] });
  signInAs('admin');
  routes = {
    'GET /api/projects': page({ id: 'heart', name: 'Heart study', created_at: at, role: 'admin' }),
    'GET /api/projects/heart/members': page({ user_id: bob, username: 'bob', role: 'viewer', added_at: at }),
    'GET /api/projects/heart/candidates': page({ user_id: eve, username: 'eve' }),
    [`PUT /api/projects/heart/members/${eve}`]: {},
    [`PUT /api/projects/heart/members/${bob}`]: {},
    [`DELETE /api/projects/heart/members/${bob}`]: '',
    [`DELETE /api/projects/heart/members/${eve}`]: '',
  };
  asked = serve(routes);
});

const open = () =>
  renderPage(
    '/settings/projects',
    <>
      <ProjectSettings />
      <Notices />
    </>,
    '/settings/projects',
  );
const undo = async () => fireEvent.click(await screen.findByRole('button', { name: 'Undo' }));

it('adds a member by the whole name, with Enter alone, and takes that back', async () => {
  open();
  const field = await screen.findByRole('combobox', { name: /whole username/ });
  fireEvent.change(field, { target: { value: 'eve' } });
  const option = await screen.findByRole('option', { name: /eve/ });
  expect(option.getAttribute('aria-selected')).toBe('true');
  expect(field.getAttribute('aria-activedescendant')).toBe(option.id);
  fireEvent.keyDown(field, { key: 'Enter' });
  await waitFor(() =>
    expect(changesOf(asked)).toMatchObject([
      { what: `PUT /api/projects/heart/members/${eve}`, body: { role: 'viewer' } },
    ]),
  );
  await undo();
  await screen.findByText('It is as it was before.');
  expect(changesOf(asked).at(-1)?.what).toBe(`DELETE /api/projects/heart/members/${eve}`);
});

it('a member who was removed comes back in the former role', async () => {
  open();
  fireEvent.click(await screen.findByRole('button', { name: 'Remove bob' }));
  await undo();
  await screen.findByText('It is as it was before.');
  expect(changesOf(asked)).toMatchObject([
    { what: `DELETE /api/projects/heart/members/${bob}` },
    { what: `PUT /api/projects/heart/members/${bob}`, body: { role: 'viewer' } },
  ]);
});

it('a new role can be undone, and says so when that fails', async () => {
  open();
  fireEvent.change(await screen.findByRole('combobox', { name: 'Role of bob' }), { target: { value: 'admin' } });
  const notice = within(await screen.findByTestId('notice'));
  notice.getByText('bob is now an admin.');
  delete routes[`PUT /api/projects/heart/members/${bob}`];
  await undo();
  await screen.findByText(/could not be undone/);
});

it('says when no user has the name, and does not offer a member again', async () => {
  routes['GET /api/projects/heart/candidates'] = page();
  open();
  const field = await screen.findByRole('combobox', { name: /whole username/ });
  fireEvent.change(field, { target: { value: 'nob' } });
  await screen.findByText(/No user has this name/);
  routes['GET /api/projects/heart/candidates'] = page({ user_id: bob, username: 'bob' });
  fireEvent.change(field, { target: { value: 'bob' } });
  await screen.findByRole('option', { name: /bob is a member already/ });
  fireEvent.keyDown(field, { key: 'Enter' });
  expect(changesOf(asked)).toEqual([]);
});
