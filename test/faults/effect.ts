/** One row in the table of effects, in the attempt's own transaction. */
export const effect = `insert into effects (job_id, key, attempt) values
  (current_setting('servo.job_id')::uuid, $1, current_setting('servo.attempt')::int);\n`;
