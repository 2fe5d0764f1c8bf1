/** Counts and prints what the acceptance test finds. A failed check is told and the run goes on. */
import { isDeepStrictEqual } from 'node:util';

export class Checks {
  passed = 0;
  failed = 0;
  skipped = 0;
  #failures = [];
  #witnesses = new Set();
  #startedAt = Date.now();

  note(message) {
    const seconds = ((Date.now() - this.#startedAt) / 1000).toFixed(1).padStart(6);
    console.log(`[${seconds} s] ${message}`);
  }
  /** At each failure it is asked what it has to say: text, '' where nothing. @returns what ends that. */
  witness(saying) {
    this.#witnesses.add(saying);
    return () => this.#witnesses.delete(saying);
  }
  ok(title, condition, detail) {
    if (condition) {
      this.passed++;
      console.log(`  ok    ${title}`);
      return true;
    }
    this.failed++;
    this.#failures.push(title);
    console.log(`  FAIL  ${title}${detail === undefined ? '' : `\n        ${detail}`}`);
    for (const saying of this.#witnesses) {
      const said = saying();
      if (said !== '') console.log(said.replace(/^/gm, '        | '));
    }
    return false;
  }
  equal(title, actual, expected) {
    const same = isDeepStrictEqual(actual, expected);
    const detail = `got      ${JSON.stringify(actual)}\n        expected ${JSON.stringify(expected)}`;
    return this.ok(title, same, detail);
  }
  matches(title, text, pattern) {
    return this.ok(title, pattern.test(String(text)), `${JSON.stringify(text)} lacks ${pattern}`);
  }
  skip(title, why) {
    this.skipped++;
    console.log(`  skip  ${title}: ${why}`);
  }

  /** One part of the test: an error in it is one failure, and the next part still runs. */
  async part(title, run, signal) {
    signal.throwIfAborted();
    this.note(title);
    try {
      await run();
    } catch (error) {
      if (signal.aborted) throw error;
      const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.ok(`${title}: runs to its end`, false, trace);
    }
  }

  /** The last lines; true where nothing failed and something passed. */
  summary() {
    for (const title of this.#failures) console.log(`failed: ${title}`);
    const skipped = this.skipped > 0 ? `, ${this.skipped} skipped` : '';
    console.log(`${this.passed} passed, ${this.failed} failed${skipped}`);
    return this.failed === 0 && this.passed > 0;
  }
}
