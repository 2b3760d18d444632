// The worker of a page that speaks SQL.

import { serve } from './serve.js';
import { texts } from './sql_texts.js';

serve(new URL('./wasm_dbms.wasm', import.meta.url), texts);
