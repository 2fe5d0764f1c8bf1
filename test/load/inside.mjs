// Loaded into a program before its own code (--expose-gc --import): every ten seconds one line of what it holds, after a full
// collection, so that a growth is one and not rubbish that waits. It must not keep the program alive.
const EVERY_MS = 10_000;

setInterval(() => {
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  const held = process.getActiveResourcesInfo();
  const count = (type) => held.filter((one) => one === type).length;
  const inside = {
    heapMb: Number((heapUsed / 1024 ** 2).toFixed(1)),
    externalMb: Number((external / 1024 ** 2).toFixed(1)),
    timers: count('Timeout'),
    sockets: count('TCPSocketWrap'),
  };
  process.stdout.write(`${JSON.stringify({ inside })}\n`);
}, EVERY_MS).unref();
