export { awsSecrets } from './aws-secrets';
export { type EndpointOptions, openEndpoint } from './open-endpoint';
