import { forgetForeignVariables } from './environment.ts';

// Before any library of a test is loaded: colour libraries read the environment once.
forgetForeignVariables();
