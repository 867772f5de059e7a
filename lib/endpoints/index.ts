export { awsSecrets } from './aws-secrets';
export { type DeployedCutover, deployedCutover } from './deployed-cutover';
export { type EndpointOptions, openEndpoint } from './open-endpoint';
