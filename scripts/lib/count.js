import { existsSync, readFileSync } from 'node:fs';

/** @typedef {{ passed: number, failed: number }} Count */

/** What vitest's JSON report says; a file that did not even load has no tests and still counts as one that failed. */
export function countVitest(path) {
  const report = readReport(path);
  if (report === null) return { passed: 0, failed: 0 };
  const unloaded = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  return { passed: report.numPassedTests, failed: report.numFailedTests + unloaded.length };
}

/** What Playwright's JSON report says; `flaky` did pass in the end, and its failure is in the output. */
export function countPlaywright(path) {
  const report = readReport(path);
  if (report === null) return { passed: 0, failed: 0 };
  const { expected, unexpected, flaky } = report.stats;
  return { passed: expected + flaky, failed: unexpected };
}

/** What `python -m tests --json` wrote. */
export function countPython(path) {
  const { passed, failed } = readReport(path) ?? { passed: 0, failed: 0 };
  return { passed, failed };
}

function readReport(path) {
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null; // Cut short with the step that wrote it, whose exit code counts.
  }
}
