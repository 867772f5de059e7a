export { type CutoverSurroundings, withCutoverServices, withLateCertificates } from './cutover';
export { handler } from './function';
