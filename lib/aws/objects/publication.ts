import { Construct } from 'constructs';
import { Problems, partNameProblem, selectionProblems, type TableSelection } from '../../postgres';
import { knownNameProblem } from './names';
import { type PostgresObjectProps, postgresObject } from './postgres-object';

/** A publication. */
export interface PublicationProps extends PostgresObjectProps {
  /** The publication's name. Changing it replaces the publication. */
  readonly publicationName: string;
  /** What is published. Changing it alters the publication in place. */
  readonly selection: TableSelection;
  /**
   * Whether changes of partitions are published under the name of the partitioned table.
   *
   * @default true
   */
  readonly publishViaPartitionRoot?: boolean;
  /**
   * Whether the canary is published too, by which a cutover sees that everything has arrived. It must be on the server
   * before the publication, and on every subscriber. Changing it alters the publication in place.
   *
   * @default false
   */
  readonly canary?: boolean;
  /**
   * The part of the tables that is published, if others are by publications of their own: its canary is published, and
   * not that of the rest. Changing it alters the publication in place.
   *
   * @default - the tables are not dealt out, or these are the rest
   */
  readonly canaryPart?: string;
}

/**
 * A publication of exactly the selected tables that exist when it is deployed.
 *
 * @see https://www.postgresql.org/docs/current/sql-createpublication.html
 */
export class Publication extends Construct {
  /** The publication's name. */
  public readonly publicationName: string;

  constructor(scope: Construct, id: string, props: PublicationProps) {
    super(scope, id);
    const problems = new Problems();
    const problem = knownNameProblem(props.publicationName, 'publicationName');
    if (problem !== undefined) problems.add(problem);
    for (const found of selectionProblems(props.selection, 'selection')) problems.add(found);
    const { canaryPart: part } = props;
    const partProblem = part === undefined ? undefined : partNameProblem(part, 'canaryPart');
    if (partProblem !== undefined) problems.add(partProblem);
    problems.throwIfAny(`publication '${id}'`);
    this.publicationName = props.publicationName;
    postgresObject(
      this,
      'Publication',
      {
        kind: 'publication',
        name: props.publicationName,
        selection: props.selection,
        viaPartitionRoot: props.publishViaPartitionRoot ?? true,
        ...(props.canary === true ? { canary: true } : {}),
        ...(props.canaryPart === undefined ? {} : { canaryPart: props.canaryPart }),
      },
      props,
    );
  }
}
