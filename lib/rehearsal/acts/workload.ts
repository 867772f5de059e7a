import type { QualifiedName } from '../../postgres';
import type { Source } from '../source';
import { writtenTable } from '../workload/sample-tables';
import { Sampler } from '../workload/sampler';
import { Writer } from '../workload/writer';
import type { Scene } from './scene';

const WRITES_PER_SECOND = 100;
const CONNECTIONS = 2;

/** What goes on at the source while the acts are played: applications write, and the lag is looked at. */
export class Workload {
  private readonly writer: Writer;
  private readonly sampler: Sampler;

  /** Starts it: from before the deployment until every change has been seen on the target. */
  constructor(
    private readonly scene: Scene,
    public readonly source: Source,
  ) {
    const { sourceDatabase, stage, context } = scene;
    const { recorder } = context;
    this.writer = new Writer({
      connection: source.server.controlConfig(sourceDatabase),
      table: this.table,
      connections: CONNECTIONS,
      rate: WRITES_PER_SECOND,
    });
    this.sampler = new Sampler({
      source: source.server,
      standby: () => stage.standby,
      database: sourceDatabase,
      now: () => recorder.now(),
      written: () => this.writer.written,
      onSample: (sample) => recorder.sample(sample),
    });
  }

  /** The table that is written. */
  public get table(): QualifiedName {
    return writtenTable(this.source.tables);
  }

  /** Stops writing. Throws what kept the applications from it before. */
  public async stopWriting(): Promise<void> {
    await this.writer.stop();
  }

  /** Ends it all. What failed is written down as a problem. */
  public async end(): Promise<void> {
    const { findings } = this.scene.context;
    // A failure of theirs must not keep the stack from being deleted, nor hide what failed before.
    for (const ended of await Promise.allSettled([this.writer.stop(), this.sampler.stop()]))
      if (ended.status === 'rejected')
        findings.problems.push(`the workload ended: ${String(ended.reason)}`);
    findings.written = this.writer.written;
  }
}
