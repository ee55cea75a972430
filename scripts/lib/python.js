import { spawnSync } from 'node:child_process';

const oldest = [3, 10];
const names = ['python3', 'python', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];

/** The first Python on the path that is new enough, or `null`. */
export function findPython(env = process.env) {
  return names.find((name) => isNewEnough(name, env)) ?? null;
}

function isNewEnough(name, env) {
  // Runs a program: the shim of a version manager is on the path even without a Python.
  const script = `import sys; sys.exit(0 if sys.version_info >= (${oldest.join(', ')}) else 1)`;
  return spawnSync(name, ['-c', script], { env, stdio: 'ignore' }).status === 0;
}
