import { Program } from './programs.js';

test('a program that is killed while it starts, and started again at once, comes up', async () => {
  const program = new Program({
    name: 'slow to start',
    command: process.execPath,
    args: ['-e', 'setTimeout(() => console.log("ready"), 200); setInterval(() => {}, 1000)'],
    env: {},
    isReady: (said) => said.includes('ready'),
  });
  const first = program.start();
  await program.dieFor(0);
  await first;
  const said = [...program.said];
  await program.end();
  expect(said).toEqual(['ready']);
});
