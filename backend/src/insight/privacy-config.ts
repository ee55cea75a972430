type Config = Readonly<Record<string, unknown>>;

/** The first value under one of the names, at most four levels deep; the shallowest wins. */
export function findInConfig(config: Config, names: readonly string[]): unknown {
  let level: Config[] = [config];
  for (let depth = 0; depth < 4 && level.length > 0; depth++) {
    for (const name of names) {
      for (const map of level) {
        const key = Object.keys(map).find((each) => normal(each) === name);
        if (key !== undefined && map[key] !== null) return map[key];
      }
    }
    level = level.flatMap((map) => Object.values(map).filter(isMap)).slice(0, 256);
  }
  return undefined;
}

const normal = (key: string): string => key.toLowerCase().replaceAll(/[-.\s]/g, '_');

const isMap = (value: unknown): value is Config => typeof value === 'object' && value !== null && !Array.isArray(value);

export function numberInConfig(config: Config, names: readonly string[]): number | null {
  const found = findInConfig(config, names);
  const value = typeof found === 'string' && found.trim() !== '' ? Number(found) : found;
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

export function textInConfig(config: Config, names: readonly string[]): string | null {
  const found = findInConfig(config, names);
  return typeof found === 'string' && found.trim() !== '' ? found.slice(0, 200) : null;
}

export function targetEpsilonOf(config: Config): number | null {
  const target = numberInConfig(config, ['target_epsilon', 'epsilon_target', 'max_epsilon', 'epsilon_budget']);
  return target !== null && target > 0 ? target : null;
}
