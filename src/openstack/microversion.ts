/** Microversions: "2.90" as two numbers, compared, and found out once per service. Knows no service. */
import { OpenStackUnsupportedError, type OpenStackService } from './errors.js';
import { raceAbort } from './race-abort.js';

/** Two whole numbers with a dot, such as "2.90" (which is more than "2.9"). */
export type Microversion = `${number}.${number}`;

export function isMicroversion(text: string): text is Microversion {
  return /^\d{1,4}\.\d{1,5}$/u.test(text);
}

/** Below 0 where a is older than b. */
export function compareMicroversions(a: Microversion, b: Microversion): number {
  const [aMajor = 0, aMinor = 0] = a.split('.').map(Number);
  const [bMajor = 0, bMinor = 0] = b.split('.').map(Number);
  return aMajor - bMajor || aMinor - bMinor;
}

export function older(a: Microversion, b: Microversion): Microversion {
  return compareMicroversions(a, b) <= 0 ? a : b;
}

/** The cloud's maximum, as its version document says. */
export type ReadMaximum = () => Promise<Microversion>;

/** Reads the maximum at the first use; all who wait share one read, and a failed one is forgotten. */
export class MicroversionNegotiator {
  private reading: Promise<Microversion> | null = null;
  /** Once it is read: every request asks for it. */
  private known: Microversion | null = null;

  constructor(
    private readonly service: OpenStackService,
    private readonly readMaximum: ReadMaximum,
  ) {}

  async cloudMaximum(): Promise<Microversion> {
    if (this.known !== null) return this.known;
    this.reading ??= this.readMaximum().finally(() => {
      this.reading = null;
    });
    return (this.known = await this.reading);
  }

  /**
   * The newest that both sides know: at most `wanted`.
   * Throws OpenStackUnsupportedError where the cloud's maximum is below `needed`.
   */
  async choose(
    needed: Microversion,
    wanted: Microversion,
    what: () => string,
    signal: AbortSignal | undefined,
  ): Promise<Microversion> {
    signal?.throwIfAborted();
    const maximum = this.known ?? (await raceAbort(this.cloudMaximum(), signal));
    if (compareMicroversions(maximum, needed) >= 0) return older(maximum, wanted);
    // Read again next time: the service may have been upgraded by then.
    this.known = null;
    throw new OpenStackUnsupportedError(
      this.service,
      `${what()} needs ${this.service} microversion ${needed}, but this cloud's newest is ${maximum}: upgrade the service.`,
    );
  }
}
