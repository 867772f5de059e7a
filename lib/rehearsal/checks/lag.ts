import { linkName } from '../../postgres';
import { isRecord } from '../assembly';
import type { Chain } from '../chain';
import type { LagSample } from '../report/report';

/** Reads the lag out of what the handler publishes, as CloudWatch would. */
export class LagReader {
  private last = { atSeconds: 0, written: 0 };

  constructor(private readonly chain: Chain) {}

  /** What `line` says of the lag at `atSeconds`; undefined if it says nothing. */
  public read(line: string, atSeconds: number, written: number): LagSample | undefined {
    if (!line.startsWith('{')) return undefined;
    const metrics: unknown = JSON.parse(line);
    if (!isRecord(metrics) || !isRecord(metrics._aws)) return undefined;
    const values = this.valuesOf(metrics);
    if (Object.keys(values).length === 0) return undefined;
    return { atSeconds, ...values, ...this.rate(atSeconds, written) };
  }

  private valuesOf(metrics: Readonly<Record<string, unknown>>): Partial<LagSample> {
    const { source, standby, target } = this.chain;
    const { LagBytes: bytes, LagSeconds: seconds } = metrics;
    if (standby !== undefined && metrics.Link === linkName({ from: source, to: standby })) {
      return {
        ...given('sourceToStandbyBytes', bytes),
        ...given('sourceToStandbySeconds', seconds),
      };
    }
    if (metrics.Link === linkName({ from: standby ?? source, to: target }))
      return given('standbyToTargetBytes', bytes);
    return {};
  }

  private rate(atSeconds: number, written: number): Partial<LagSample> {
    const seconds = atSeconds - this.last.atSeconds;
    if (seconds < 0.5) return {};
    const writesPerSecond = Math.round((written - this.last.written) / seconds);
    this.last = { atSeconds, written };
    return { writesPerSecond };
  }
}

function given(name: keyof LagSample, value: unknown): Partial<LagSample> {
  return typeof value === 'number' ? { [name]: value } : {};
}
