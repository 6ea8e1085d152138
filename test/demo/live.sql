-- One of the day's calls each second, as if :user made it now, until the server ends.
SELECT helix.record_operation_executions(pg_catalog.jsonb_build_array(
           ((b.executions_json -> (random() * (b.executions - 1))::integer) - 'occurred_at')
           || pg_catalog.jsonb_build_object('user_id', :'user')))
  FROM (SELECT * FROM demo.batches ORDER BY random() LIMIT 1) b \watch 1
