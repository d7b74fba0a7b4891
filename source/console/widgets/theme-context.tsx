import { createContext } from 'react';
import { plainTheme, type Theme } from './theme.ts';

export const ThemeContext = createContext<Theme>(plainTheme);
