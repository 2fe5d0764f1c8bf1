/** A call that is waited for only so long. It must not know what is called; the call itself goes on. */

/** Throws `late` where it has not ended in time; also of a call that does not heed its signal. */
export async function within<T>(
  call: Promise<T>,
  timeoutMs: number,
  late: () => Error = () => new Error(`No answer within ${timeoutMs / 1000} s.`),
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeIsUp = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(late()), timeoutMs);
  });
  try {
    return await Promise.race([call, timeIsUp]);
  } finally {
    clearTimeout(timer);
  }
}
