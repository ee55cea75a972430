export interface ConfigNode {
  /** As one writes it: `optimizer.betas[0]`. */
  readonly path: string;
  readonly name: string;
  /** The leaf's value as JSON; null for a branch. */
  readonly value: string | null;
  readonly children: readonly ConfigNode[];
}

/** The config as a tree. A key that is not a plain word is quoted in the path, so that the path stays unambiguous. */
export function configTree(config: Readonly<Record<string, unknown>>): readonly ConfigNode[] {
  return Object.entries(config).map(([key, value]) => nodeOf(key, stepOf(key, ''), value));
}

function nodeOf(name: string, path: string, value: unknown): ConfigNode {
  if (Array.isArray(value) && value.length > 0) {
    const children = value.map((inner, at) => nodeOf(`[${at}]`, `${path}[${at}]`, inner));
    return { name, path, value: null, children };
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0) {
    const children = Object.entries(value).map(([key, inner]) => nodeOf(key, stepOf(key, path), inner));
    return { name, path, value: null, children };
  }
  return { name, path, value: JSON.stringify(value), children: [] };
}

const stepOf = (key: string, path: string): string =>
  /^[\w-]+$/.test(key) ? (path === '' ? key : `${path}.${key}`) : `${path}[${JSON.stringify(key)}]`;

/** The branches that lead to a path or a value with the text in it. */
export function searchTree(nodes: readonly ConfigNode[], text: string): readonly ConfigNode[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return nodes;
  return nodes.flatMap((node) => {
    if (`${node.path} ${node.value ?? ''}`.toLowerCase().includes(wanted)) return [node];
    const children = searchTree(node.children, text);
    return children.length > 0 ? [{ ...node, children }] : [];
  });
}

export const countLeaves = (nodes: readonly ConfigNode[]): number =>
  nodes.reduce((sum, { value, children }) => sum + (value === null ? countLeaves(children) : 1), 0);
