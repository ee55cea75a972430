import { describe, expect, it } from 'vitest';
import { hasFilter, parseConfigFilter, readRunQuery, requestParams, sortAfter, writeRunQuery } from './run-query.ts';

const address =
  'q=cifar&status=running&tag=a+b&config.lr=0.1&config.__proto__=x&sort=last.loss&order=asc&column=best.auc&group=tag';

describe('the address of the list of runs', () => {
  it('reads back as it was written', () => {
    const query = readRunQuery(new URLSearchParams(address));
    expect(query.config).toEqual(Object.assign(Object.create(null), { lr: '0.1', ['__proto__']: 'x' }));
    expect(readRunQuery(writeRunQuery(query))).toEqual(query);
  });

  it('has nothing in it for the usual list', () => {
    const query = readRunQuery(new URLSearchParams());
    expect(writeRunQuery(query).toString()).toBe('');
    expect(hasFilter(query)).toBe(false);
    expect(requestParams(query).toString()).toBe('sort=started_at&order=desc');
  });

  it('sends filters and order to the server, not columns and groups', () => {
    const sent = requestParams(readRunQuery(new URLSearchParams(address)));
    expect(sent.get('config.lr')).toBe('0.1');
    expect(sent.get('order')).toBe('asc');
    expect(sent.has('column')).toBe(false);
    expect(sent.has('group')).toBe(false);
  });
});

it('a first press shows the best first, a second press turns the order', () => {
  const started = { key: 'started_at', isDescending: true };
  expect(sortAfter(started, 'last.accuracy')).toEqual({ key: 'last.accuracy', isDescending: true });
  expect(sortAfter(started, 'best.loss')).toEqual({ key: 'best.loss', isDescending: false });
  expect(sortAfter(started, 'name')).toEqual({ key: 'name', isDescending: false });
  expect(sortAfter(started, 'started_at')).toEqual({ key: 'started_at', isDescending: false });
});

it.each([
  ['lr = 0.1', ['lr', '0.1']],
  ['model.name=res net', ['model.name', 'res net']],
  ['empty=', ['empty', '']],
  ['no equals', null],
  ['=1', null],
])('the config filter %j', (text, expected) => {
  expect(parseConfigFilter(text)).toEqual(expected);
});
