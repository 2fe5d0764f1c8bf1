/** What a part has changed outside its servers and must set back, also where it is interrupted in the middle. */
export class Undo {
  #open = [];

  /** @returns {() => Promise<void>} does it now; once in all. */
  later(what) {
    let done = null;
    const once = () => (done ??= Promise.resolve().then(what));
    this.#open.push(once);
    return once;
  }

  /** The rest, last first; one that fails is told and hinders no other. */
  async all() {
    for (const once of this.#open.toReversed()) {
      try {
        await once();
      } catch (error) {
        console.error(error);
        process.exitCode = 1;
      }
    }
    this.#open = [];
  }
}
