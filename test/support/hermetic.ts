import { forgetForeignVariables } from './environment.ts';

// Before any library is loaded: colour libraries read the environment once.
forgetForeignVariables();
