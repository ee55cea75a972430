import { makeRound } from '@rondo/protocol/testing';
import { expect, it } from 'vitest';
import { accuracyFigure, lossFigure, participationFigure } from './derive-figures.ts';

const point = (round: number, loss: number | 'NaN' | null, accuracy: number | null = null) => ({
  round,
  loss,
  accuracy,
});

it('says why there is no value', () => {
  expect(lossFigure([])).toMatchObject({ value: null, change: 'no round has reported a loss yet' });
  expect(participationFigure([makeRound()])).toMatchObject({ value: null, change: 'no round has finished yet' });
});

it('a falling loss is good, a falling accuracy is bad', () => {
  const history = [point(1, 0.5, 0.8), point(2, 0.4, 0.7)];
  expect(lossFigure(history)).toMatchObject({ value: '0.400', change: '↓ 0.100 · best so far', tone: 'good' });
  expect(accuracyFigure(history)).toMatchObject({ change: '↓ 10.0\u202fpp · best at 1', tone: 'bad' });
});

it('a step back that is no larger than usual is not alarming; a larger one is', () => {
  const noisy = [0.5, 0.48, 0.5, 0.47, 0.49].map((loss, at) => point(at + 1, loss));
  expect(lossFigure([...noisy, point(6, 0.5)]).tone).toBe('plain');
  expect(lossFigure([...noisy, point(6, 0.9)]).tone).toBe('bad');
});

it('[B8] clients that are not named are not lost', () => {
  const round = makeRound({ status: 'complete', num_clients_expected: 200, num_clients_unreported: 200 });
  expect(participationFigure([round])).toMatchObject({
    value: null,
    change: 'clients are not named (secure aggregation)',
  });
});

it('compares with the last round that reported a value', () => {
  expect(lossFigure([point(1, 0.5), point(2, null), point(3, 0.4)]).change).toContain('0.100');
});

it('shows a value that is not finite as such, as a warning', () => {
  expect(lossFigure([point(1, 0.5), point(2, 'NaN')])).toMatchObject({ value: 'NaN', tone: 'warning', isOdd: true });
});

it('participation is returned out of selected, over the last ten finished rounds', () => {
  const over = { status: 'complete', num_clients_expected: 50, num_clients_completed: 47, num_clients_failed: 3 };
  const figure = participationFigure([makeRound(), makeRound(over), makeRound(over)]);
  expect(figure).toMatchObject({ change: '6 lost in 2 rounds' });
  expect(figure.value).toMatch(/^94\.0/);
});
