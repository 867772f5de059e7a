export { awsSecrets } from './aws-secrets';
