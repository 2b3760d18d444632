// The worker of a page that speaks of tables, without SQL.

import { serve } from './serve.js';
import { texts } from './tables_texts.js';

serve(new URL('./wasm_dbms_tables.wasm', import.meta.url), texts);
