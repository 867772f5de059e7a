import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { Problems, PublisherSslMode, type TableSelection } from '../../postgres';
import type { ServerBinding } from '../server-binding';
import { knownNameProblem, knownSlotNameProblem } from './names';
import { type PostgresObjectProps, postgresObject } from './postgres-object';

/** A subscription. */
export interface SubscriptionProps extends PostgresObjectProps {
  /** The subscription's name. Changing it is refused while its tables hold rows, which would be copied again. */
  readonly subscriptionName: string;
  /** The server that the changes are read from, as the subscriber reaches it. */
  readonly publisher: ServerBinding;
  /**
   * The publisher's primary, if the publisher is a standby. The deployment then waits until the standby has replayed
   * the publication.
   *
   * @default - the publisher is a primary
   */
  readonly publisherPrimary?: ServerBinding;
  /** The login of the subscription on the publisher. The subscriber keeps its password in its catalog. */
  readonly publisherSecret: ISecret;
  /** The publications to subscribe to. */
  readonly publicationNames: string[];
  /** The slot to read from. It is an object of its own, made after the publication and before the subscription. */
  readonly slotName: string;
  /**
   * What the publications hold. The subscription takes up new tables when it changes, and is made only where these tables
   * are empty and no other subscription of ours has them, unless it copies nothing.
   */
  readonly selection: TableSelection;
  /**
   * How the subscriber checks the publisher's certificate. `VERIFY_FULL` needs `sslRootCert` on the subscriber's host;
   * Aurora holds the roots of Amazon RDS only, so that it can merely encrypt towards a server with a certificate of
   * its own.
   *
   * @default PublisherSslMode.VERIFY_FULL
   */
  readonly sslMode?: PublisherSslMode;
  /**
   * The file with the root certificates on the subscriber's host.
   *
   * @default '/rdsdbdata/rds-metadata/ca-cert.pem' - where Aurora and RDS keep those of Amazon RDS
   */
  readonly sslRootCert?: string;
  /**
   * Whether the tables' present rows are copied first.
   *
   * @default true
   */
  readonly copyData?: boolean;
}

const RDS_ROOT_CERTIFICATES = '/rdsdbdata/rds-metadata/ca-cert.pem';

/**
 * A subscription to publications on another server.
 *
 * @see https://www.postgresql.org/docs/current/sql-createsubscription.html
 */
export class Subscription extends Construct {
  /** The subscription's name. */
  public readonly subscriptionName: string;

  constructor(scope: Construct, id: string, props: SubscriptionProps) {
    super(scope, id);
    validate(id, props);
    this.subscriptionName = props.subscriptionName;
    const { publisher, publisherPrimary } = props;
    const sslMode = props.sslMode ?? PublisherSslMode.VERIFY_FULL;
    const resource = postgresObject(
      this,
      'Subscription',
      {
        kind: 'subscription',
        name: props.subscriptionName,
        publisher: {
          server: publisher.server,
          host: publisher.host,
          port: publisher.port,
          database: publisher.database,
          secret: props.publisherSecret.secretArn,
          sslMode,
          sslRootCert:
            sslMode === PublisherSslMode.REQUIRE
              ? ''
              : (props.sslRootCert ?? RDS_ROOT_CERTIFICATES),
        },
        publications: props.publicationNames,
        slotName: props.slotName,
        copyData: props.copyData ?? true,
        enabled: true,
        originNone: false,
        selection: props.selection,
      },
      {
        ...props,
        ...(publisherPrimary === undefined
          ? {}
          : {
              extra: {
                upstream: {
                  standby: publisher.toConnection(),
                  primary: publisherPrimary.toConnection(),
                },
              },
              alsoReaches: [publisher, publisherPrimary],
            }),
      },
    );
    resource.node.addDependency(
      props.publisherSecret,
      props.runner.allowSecret(props.publisherSecret),
      publisher.reachable,
    );
  }
}

function validate(id: string, props: SubscriptionProps): void {
  const problems = new Problems();
  const problem = knownNameProblem(props.subscriptionName, 'subscriptionName');
  if (problem !== undefined) problems.add(problem);
  const slotProblem = knownSlotNameProblem(props.slotName, 'slotName');
  if (slotProblem !== undefined) problems.add(slotProblem);
  problems.addIf(
    props.publicationNames.length === 0,
    "'publicationNames' must name at least one publication, got none; name it",
  );
  problems.throwIfAny(`subscription '${id}'`);
}
