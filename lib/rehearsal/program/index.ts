export { type RehearseProgramOptions, rehearseProgram } from './rehearse-program';
