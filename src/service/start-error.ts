/** One sentence for the person who starts the service: what is missing and what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
