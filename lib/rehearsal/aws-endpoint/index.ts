export {
  type AwsCall,
  AwsEndpointStandIn,
  type AwsOperation,
  type AwsOperations,
} from './aws-endpoint';
export { AwsServiceError } from './aws-error';
export { generateSecret } from './generated-secret';
export { type DnsRecord, HostedZones, ROUTE53_STAND_IN } from './hosted-zones';
export { RDS_PROXY_STAND_IN, RdsProxies } from './rds-proxies';
export { type AttachedFields, secretPlayers } from './secret-players';
export { type SecretPlace, SecretStore, type StoredSecret } from './secret-store';
export { secretsManagerShims, secretsManagerStandIn } from './stand-in';
