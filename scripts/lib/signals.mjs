// Ctrl-C, and a supervisor that signals the whole process group, reach the program twice: once by the system, once more by
// npm, which hands signals on to its script. The program takes a second signal for impatience, so the echo is dropped.
const SIGNALS = ['SIGINT', 'SIGTERM'];
const ECHO_MS = 500;

/** Must be called before anything listens for signals: Node takes `process.emit` as it is then. */
export function dropEchoedSignals() {
  const emit = process.emit.bind(process);
  let last = -Infinity;
  process.emit = (name, ...details) => {
    if (!SIGNALS.includes(name)) return emit(name, ...details);
    const now = performance.now();
    if (now - last < ECHO_MS) return true;
    last = now;
    return emit(name, ...details);
  };
}
