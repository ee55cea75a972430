import { existsSync, readFileSync } from 'node:fs';

/** @typedef {{ passed: number, failed: number, names: string[], flaky: string[] }} Count `names` failed; `flaky` passed on the second try. */

const nothing = { passed: 0, failed: 0, names: [], flaky: [] };

/** The counts of vitest's JSON report. A file that did not load has no tests and counts as one failure. */
export function countVitest(path) {
  const report = readReport(path);
  if (report === null) return nothing;
  const failedFiles = report.testResults.filter((file) => file.status === 'failed');
  const unloaded = failedFiles.filter((file) => file.assertionResults.length === 0);
  const namesWhere = (isMeant) =>
    report.testResults.flatMap((file) =>
      file.assertionResults.filter(isMeant).map((test) => `${shortPath(file.name)}: ${test.fullName.trim()}`),
    );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded.length,
    names: [
      ...namesWhere((test) => test.status === 'failed'),
      ...unloaded.map((file) => `${shortPath(file.name)}: did not load`),
    ],
    // The messages of a test that passed are those of its first try.
    flaky: namesWhere((test) => test.status === 'passed' && test.failureMessages.length > 0),
  };
}

/** The counts of Playwright's JSON report. A flaky test passed in the end, and its failure is in the output. */
export function countPlaywright(path) {
  const report = readReport(path);
  if (report === null) return nothing;
  const { expected, unexpected, flaky } = report.stats;
  const namesOf = (status) => report.suites.flatMap((suite) => specsWith(status, suite));
  return { passed: expected + flaky, failed: unexpected, names: namesOf('unexpected'), flaky: namesOf('flaky') };
}

/** The counts that `python -m tests --json` wrote. */
export function countPython(path) {
  return { ...nothing, ...readReport(path) };
}

/** The lines about failed and flaky tests for the end of the output; the first 50 of each by name. */
export function troubleLines(title, { failed, names, flaky }) {
  const list = (heading, all) => [`${title}: ${heading}`, ...all.slice(0, 50).map((name) => `   ${name}`)];
  return [
    ...(failed > 0 ? list(`${failed} failed`, names) : []),
    ...(flaky.length > 0 ? list(`${flaky.length} passed only on the second try`, flaky) : []),
  ];
}

function specsWith(status, suite) {
  const own = (suite.specs ?? [])
    .filter((spec) => spec.tests.some((test) => test.status === status))
    .map((spec) => `e2e/${spec.file}:${spec.line}: ${spec.title}`);
  return [...own, ...(suite.suites ?? []).flatMap((inner) => specsWith(status, inner))];
}

function shortPath(path) {
  return path.startsWith(process.cwd()) ? path.slice(process.cwd().length + 1) : path;
}

function readReport(path) {
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null; // The step that wrote it was cut short; its exit code counts.
  }
}
