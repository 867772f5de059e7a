export { compress, withoutComments, withoutRemarks } from './compact';
export { HOST_FILES } from './files';
export { hostPart, joinScript } from './script';
