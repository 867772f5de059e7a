export { awsSecrets } from './aws-secrets';
export { type DeployedCutover, deployedCutover } from './deployed-cutover';
export { ociSecrets } from './oci-secrets';
export {
  type EndpointOpener,
  type EndpointOptions,
  openAwsEndpoint,
  openEndpoint,
} from './open-endpoint';
