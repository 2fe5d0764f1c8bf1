/**
 * A program, run by download-cli.ts: lets the SDK download its Temporal CLI into the folder named by the first
 * argument. Apart, because it installs the SDK's one native runtime and starts a server for a moment.
 */
const downloadDir = process.argv[2];
if (downloadDir === undefined) throw new Error('The folder is missing.');

let reason: string | null = null;
try {
  // Among the packages for development only: a production installation is told the address of its Temporal.
  const { TestWorkflowEnvironment } = await import('@temporalio/testing');
  const executable = { type: 'cached-download', downloadDir } as const;
  const environment = await TestWorkflowEnvironment.createLocal({ server: { executable } });
  await environment.teardown();
} catch (error) {
  reason = error instanceof Error ? error.message : String(error);
}
if (reason !== null) process.stderr.write(`${reason.replaceAll('\n', ' ')}\n`);
process.exit(reason === null ? 0 : 1);
