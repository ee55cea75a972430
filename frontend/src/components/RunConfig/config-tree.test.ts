import { expect, it } from 'vitest';
import { configTree, countLeaves, searchTree } from './config-tree.ts';

const tree = configTree({ lr: 0.1, model: { layers: [64, 128], 'drop out': null }, empty: {} });

it('names each leaf by a path that can be copied', () => {
  const leaves = (nodes: typeof tree): string[] =>
    nodes.flatMap((node) => (node.value === null ? leaves(node.children) : [`${node.path} = ${node.value}`]));
  expect(leaves(tree)).toEqual([
    'lr = 0.1',
    'model.layers[0] = 64',
    'model.layers[1] = 128',
    'model["drop out"] = null',
    'empty = {}',
  ]);
  expect(countLeaves(tree)).toBe(5);
});

it.each([
  ['128', 1],
  ['LAYERS', 2],
  ['model', 3],
  ['nothing like it', 0],
])('finds %j by path or value, with the branches that lead there', (text, count) => {
  expect(countLeaves(searchTree(tree, text))).toBe(count);
});
