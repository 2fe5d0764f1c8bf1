// A Jest reporter that leaves the totals for scripts/test.mjs, which prints them as the last line of all.
const { writeFileSync } = require('node:fs');

module.exports = class JestTotal {
  onRunComplete(_contexts, results) {
    const file = process.env.JEST_TOTAL_FILE;
    if (file === undefined) return;
    // A file that does not load has no tests that could fail.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    writeFileSync(file, JSON.stringify({ passed: results.numPassedTests, failed, skipped }));
  }
};
