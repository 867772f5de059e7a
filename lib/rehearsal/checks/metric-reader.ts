import { linkName } from '../../postgres';
import { isRecord } from '../assembly';
import type { Chain } from '../chain';
import type { LagSample } from '../report/report';

/** Reads what the handler publishes, as CloudWatch would: whether it does, and the lag in seconds. */
export class MetricReader {
  private count = 0;

  constructor(private readonly chain: Chain) {}

  /** How many lines with metrics of the servers were read. */
  public get published(): number {
    return this.count;
  }

  /** What `line` says of the lag at `atSeconds`; undefined if it says nothing. */
  public read(line: string, atSeconds: number): LagSample | undefined {
    if (!line.startsWith('{')) return undefined;
    const metrics: unknown = JSON.parse(line);
    if (!isRecord(metrics) || !isRecord(metrics._aws)) return undefined;
    // The watch over fences publishes too, whether or not the servers are measured.
    if ('FencePassed' in metrics) return undefined;
    this.count += 1;
    const { source, standby } = this.chain;
    const { Link: link, LagSeconds: seconds } = metrics;
    if (standby === undefined || typeof seconds !== 'number') return undefined;
    return link === linkName({ from: source, to: standby })
      ? { atSeconds, sourceToStandbySeconds: seconds }
      : undefined;
  }
}
